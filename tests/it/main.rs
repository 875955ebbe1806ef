//! One program for all tests that go through the library's front.

mod diagnostics;
mod format;
mod messages;
mod noisy;
mod whole;
