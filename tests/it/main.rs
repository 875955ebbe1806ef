//! One program for all integration tests: a module a command or promise.

mod faults;
mod format;
mod found;
mod language_docs;
mod maven;
mod noisy;
