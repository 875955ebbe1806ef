//! One program for all integration tests: a module a command or promise.

mod faults;
mod format;
mod layers;
mod maven;
mod noisy;
