//! The one integration-test program: a module a subject.

mod generate;
mod language;
mod model;
mod oracle;
mod robust;
mod world;
