//! One program for all integration tests: a module a command or promise.

mod faults;
mod format;
mod generate;
mod language;
mod layers;
mod maven;
mod model;
mod noisy;
mod oracle;
mod robust;
mod world;
