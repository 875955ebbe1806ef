//! `allow CODE: "reason"` on the line above a rule or a declaration.

use super::{Builder, Node};
use crate::diagnostic::{ALL_CODES, Code, Diagnostic, did_you_mean, nearest};
use crate::syntax::grammar::Rule as Grammar;
use crate::syntax::tree::{AllowDecl, Word};

impl<'t> Builder {
    /// The sentences of a file or a block without the lines that allow something: each is kept with what stands below it.
    pub(super) fn without_allows(&mut self, nodes: impl Iterator<Item = Node<'t>>) -> Vec<Node<'t>> {
        let mut open = Vec::new();
        let mut others = Vec::new();
        for node in nodes {
            if node.as_rule() == Grammar::allow {
                open.extend(self.allow(node));
                continue;
            }
            let target = Some(self.span(&node)).filter(|_| !closes(&node));
            self.allows.extend(open.drain(..).map(|allow| AllowDecl { target, ..allow }));
            others.push(node);
        }
        self.allows.append(&mut open);
        others
    }

    fn allow(&mut self, node: Node<'t>) -> Option<AllowDecl> {
        let span = self.span(&node);
        let (mut code, mut reason, mut has_colon) = (None, None, false);
        for part in node.into_inner() {
            match part.as_rule() {
                Grammar::allow_code => code = Some(part),
                Grammar::colon => has_colon = true,
                Grammar::string => reason = self.word(part),
                Grammar::allow_words => reason = Some(self.unquoted_reason(&part)),
                _ => {}
            }
        }
        let code = self.code(&code?);
        let Some(reason) = reason.filter(|reason| has_colon && !reason.text.trim().is_empty()) else {
            self.push(
                Diagnostic::error(Code::MissingReason, "an `allow` that does not say why")
                    .at(span, if has_colon { "no reason follows" } else { "no colon and no reason" })
                    .help("write `allow CODE: \"reason\"`"),
            );
            return None;
        };
        Some(AllowDecl { code: code?, reason, target: None, span })
    }

    fn code(&mut self, node: &Node<'_>) -> Option<Code> {
        let word = node.as_str().to_lowercase();
        let code = Code::of(&word);
        if code.is_none() {
            let slugs = || ALL_CODES.iter().map(|code| code.slug());
            let span = self.span(node);
            let told = Diagnostic::error(Code::UnknownCode, format!("`{}` is no code of a message", node.as_str()))
                .at(span, "not known")
                .help(did_you_mean(&word, slugs()).unwrap_or_else(|| {
                    "write the code that stands in brackets in the message, such as `unused-define`".to_owned()
                }));
            self.push(match nearest(&word, slugs()) {
                Some(near) if strsim::osa_distance(&word, near) == 1 => told.fix(span, near),
                _ => told,
            });
        }
        code
    }

    /// The rest of the line, which should have been a text.
    fn unquoted_reason(&mut self, node: &Node<'_>) -> Word {
        let span = self.span(node);
        let text = node.as_str().trim_end().to_owned();
        let quoted = format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""));
        self.push(
            Diagnostic::error(Code::UnquotedText, "the reason of an `allow` needs quotes")
                .at(span, "words without quotes")
                .help(format!("write {quoted}"))
                .fix(span, quoted),
        );
        Word { text, span, quoted: true }
    }
}

/// Whether a part is only the end of its block.
fn closes(node: &Node<'_>) -> bool {
    matches!(node.as_rule(), Grammar::brace_close | Grammar::stray_close | Grammar::EOI)
}
