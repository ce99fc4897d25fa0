//! Rows that replace each other: which do, by which columns, and who may read them.

use crate::{
    batch::Schema,
    pipeline::{
        Diagnostic, Span,
        diagnostic::Spanned,
        reader::Context,
        spec::{Emission, StageSpec},
    },
};

/// What is known of a stream in which a row may take the place of an earlier one.
#[derive(Clone, Debug)]
pub(super) struct Updates {
    /// The places of the columns by which it does; `None` if several inputs do not agree.
    pub(super) key: Option<Vec<usize>>,
    /// The one whose rows they are, as it is named by whoever reads them.
    pub(super) reader: Spanned<String>,
    /// The stage that makes them.
    pub(super) stage: String,
    /// What is written there that makes them so.
    pub(super) cause: Span,
}

impl Updates {
    /// The updates that a stage makes, if it does.
    pub(super) fn of_stage(
        stage: &StageSpec,
        emission: &Emission,
        key: Vec<usize>,
    ) -> Option<Self> {
        Some(Self {
            key: Some(key),
            reader: stage.name.clone(),
            stage: stage.name.value.clone(),
            cause: emission.updates?,
        })
    }

    /// The same updates, read under another name.
    pub(super) fn read_as(&self, name: &Spanned<String>) -> Self {
        Self {
            reader: name.clone(),
            ..self.clone()
        }
    }

    /// The same updates in rows with other columns; `place` tells where a column has gone. If one of
    /// the key is gone, that is reported at `span`, and `help` says what to do.
    pub(super) fn moved(
        &self,
        place: impl Fn(usize) -> Option<usize>,
        input: &Schema,
        span: Span,
        context: &Context<'_>,
    ) -> Option<Self> {
        let Some(key) = &self.key else {
            return Some(self.clone());
        };
        let mut moved = Vec::new();
        for column in key {
            match place(*column) {
                Some(place) => moved.push(place),
                None => {
                    let name = &input.fields()[*column].name;
                    let message = format!(
                        "column `{name}`, by which rows of `{}` replace each other, is gone",
                        self.reader.value
                    );
                    let help = "keep the column as it is, under its name".to_owned();
                    let cause = format!("rows of `{}` replace each other", self.stage);
                    let mistake = Diagnostic::new(span, message).help(help);
                    context.report(mistake.and(self.cause, cause));
                    return None;
                }
            }
        }
        Some(Self {
            key: Some(moved),
            ..self.clone()
        })
    }

    /// Reports that the stage `name` cannot take updates for rows; `verb` is what it would do.
    pub(super) fn refuse(&self, name: &str, verb: &str, context: &Context<'_>) {
        let Self { reader, stage, .. } = self;
        let message = format!(
            "`{name}` would {verb} rows of `{}` once for each update",
            reader.value
        );
        let help = format!("set `emit = \"final\"` on `{stage}`, and no `allowed_lateness`");
        let cause = format!("rows of `{stage}` replace each other");
        let mistake = Diagnostic::new(reader.span, message).and(self.cause, cause);
        context.report(mistake.help(help));
    }
}

/// The updates in several streams together.
pub(super) fn union(streams: &[Option<Updates>]) -> Option<Updates> {
    let first = streams.iter().flatten().next()?;
    let key = |updates: &Option<Updates>| updates.as_ref().and_then(|updates| updates.key.clone());
    let same = streams.iter().all(|other| key(other) == first.key);
    Some(Updates {
        key: first.key.clone().filter(|_| same),
        ..first.clone()
    })
}
