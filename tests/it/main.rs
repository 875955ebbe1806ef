//! One program for all integration tests: a module a command or promise.

mod check;
mod docs;
mod faults;
mod format;
mod generate;
mod language;
mod layers;
mod maven;
mod model;
mod noisy;
mod oracle;
mod policies;
mod robust;
mod sandbox;
mod world;
