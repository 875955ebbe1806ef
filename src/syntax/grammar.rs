//! The pest parser made from `grammar/ownward.pest`.

#![allow(missing_docs)]

use pest_derive::Parser;

#[derive(Parser)]
#[grammar = "grammar/ownward.pest"]
pub struct OwnParser;
