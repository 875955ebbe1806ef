//! A [`Diagnostic`](super::Diagnostic) as text: for people, for screen readers and pipes, and all of a check in the forms that CI systems take.
//!
//! Everything a policy or a record brought in is cleaned of control characters first (design section 8), and then escaped
//! by the rules of each form: workflow commands, XML, Markdown, JSON.

mod clean;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod people;
mod plain;
mod report;
mod sarif;
#[cfg(test)]
mod tests;

pub use clean::clean;
pub use github::{annotations, command_text, github};
pub use gitlab::gitlab;
pub use json::{json, json_lines, json_report};
pub use junit::junit;
pub use markdown::{markdown, markdown_text};
pub use people::people;
pub use plain::plain;
pub use report::Report;
pub use sarif::sarif;

/// A form, and what had no room in it; empty where everything is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut<T> {
    pub form: T,
    /// `2 errors, 1 note`.
    pub left_out: String,
}
