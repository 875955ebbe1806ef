//! Closed lists of choices, their other spellings, their order, and what counts as what.

use crate::value::fold;

/// One choice of a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    pub name: String,
    /// Other spellings in the data (`At-Risk also "At Risk"`).
    pub also: Vec<String>,
    /// The choices it counts as besides itself, closed over (`Combination counts as Client and Partner`).
    pub counts_as: Vec<u16>,
}

/// The choices of a field in the order they were written; `ordered` ones may be compared by it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct ChoiceSet {
    pub ordered: bool,
    pub choices: Vec<Choice>,
}

impl ChoiceSet {
    /// A set of plain choices, for inference and tests.
    pub fn plain(names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let choice = |name: String| Choice { name, also: Vec::new(), counts_as: Vec::new() };
        Self { ordered: false, choices: names.into_iter().map(|name| choice(name.into())).collect() }
    }

    /// The choice a text names: by name or other spelling, folded.
    pub fn find(&self, text: &str) -> Option<u16> {
        let wanted = fold(text);
        let index = self
            .choices
            .iter()
            .position(|choice| fold(&choice.name) == wanted || choice.also.iter().any(|also| fold(also) == wanted))?;
        u16::try_from(index).ok()
    }

    pub fn name(&self, index: u16) -> &str {
        &self.choices[index as usize].name
    }

    /// Whether choice `index` is `wanted` or counts as it.
    pub fn counts_as(&self, index: u16, wanted: u16) -> bool {
        index == wanted || self.choices[index as usize].counts_as.contains(&wanted)
    }

    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.choices.iter().map(|choice| choice.name.as_str())
    }

    pub fn len(&self) -> usize {
        self.choices.len()
    }

    pub fn is_empty(&self) -> bool {
        self.choices.is_empty()
    }
}
