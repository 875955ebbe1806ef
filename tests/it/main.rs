//! One program for all tests that go through the library's front.

mod format;
mod messages;
mod noisy;
mod whole;
