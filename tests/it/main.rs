//! One program for all integration tests: a module a command or promise.

mod check;
mod docs;
mod faults;
mod format;
mod layers;
mod maven;
mod noisy;
mod policies;
mod sandbox;
