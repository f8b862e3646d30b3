//! From text to the spanned tree, with what is wrong with the TOML itself.
//!
//! The parser recovers, so what can be trusted of a broken file still gets its other mistakes named. Never types anything.

mod first;
mod trust;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::tree::{Entry, Node, Sources, Span, Table, Value};

/// Something that is not TOML, or says a thing twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SyntaxError {
    /// The grammar is broken.
    Grammar {
        /// Where the parser noticed it.
        span: Span,
        /// What the parser says.
        message: String,
    },
    /// A key or table stands there a second time.
    Duplicate {
        /// The second place.
        span: Span,
        /// The first place, when it was found.
        first: Option<Span>,
    },
    /// Arrays, tables or dotted keys deeper than anyone writes.
    TooDeep {
        /// The first level too many.
        span: Span,
    },
    /// An integer past 64 bits, or a float past what a double holds.
    NumberTooLarge {
        /// The number.
        span: Span,
    },
}

impl SyntaxError {
    /// Where the mistake is.
    pub fn span(&self) -> Span {
        match self {
            Self::Grammar { span, .. }
            | Self::Duplicate { span, .. }
            | Self::TooDeep { span }
            | Self::NumberTooLarge { span } => *span,
        }
    }
}

/// Deepest nesting that a value may have; the format needs five.
const DEPTH: usize = 32;
/// Most errors that are kept; looking for the first place of a million repeated keys would take minutes.
const ERRORS: usize = 100;

/// Parses one source. After a mistake of grammar the tree lacks what the parser may have misread.
pub fn parse(sources: &Sources, id: u16) -> (Table, Vec<SyntaxError>) {
    let text = sources.text(id);
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut out: Vec<SyntaxError> = errors.iter().take(ERRORS).map(|error| syntax_error(id, error)).collect();
    let mut build = Build { source: id, text, errors: &mut out };
    let mut table = build.table(table.into_inner(), 0);
    if !out.is_empty() {
        out.truncate(ERRORS);
        first::places(&table, text, &mut out);
        trust::drop_untrusted(&mut table, text, &out);
    }
    (table, out)
}

/// Sorts the parser's message into a kind.
fn syntax_error(source: u16, error: &toml::de::Error) -> SyntaxError {
    let span = Span::new(source, error.span().unwrap_or(0..0));
    match error.message() {
        "duplicate key" => SyntaxError::Duplicate { span, first: None },
        message if message.contains("recurs") => SyntaxError::TooDeep { span },
        message => SyntaxError::Grammar { span, message: message.to_owned() },
    }
}

/// Turns the parser's tree into ours.
struct Build<'e> {
    source: u16,
    text: &'e str,
    errors: &'e mut Vec<SyntaxError>,
}

impl Build<'_> {
    fn table(&mut self, table: DeTable<'_>, depth: usize) -> Table {
        let mut entries: Vec<Entry> = Vec::with_capacity(table.len());
        for (key, value) in table {
            let key_span = Span::new(self.source, key.span());
            if let Some(node) = self.node(value, depth + 1) {
                entries.push(Entry { name: key.into_inner().into_owned(), key_span, node });
            }
        }
        entries.sort_unstable_by_key(|entry| entry.key_span);
        Table { entries }
    }

    fn node(&mut self, value: Spanned<DeValue<'_>>, depth: usize) -> Option<Node> {
        let span = Span::new(self.source, value.span());
        if depth > DEPTH {
            self.errors.push(SyntaxError::TooDeep { span });
            return None;
        }
        let value = match value.into_inner() {
            DeValue::String(text) => Value::String(text.into_owned()),
            DeValue::Boolean(value) => Value::Boolean(value),
            DeValue::Datetime(value) => Value::Datetime(value.to_string()),
            DeValue::Integer(number) => {
                Value::Integer(self.number(span, i64::from_str_radix(number.as_str(), number.radix()).ok())?)
            }
            DeValue::Float(number) => Value::Float(self.number(span, float(number.as_str()))?),
            DeValue::Array(list) => {
                Value::Array(list.into_iter().filter_map(|value| self.node(value, depth + 1)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table, depth)),
        };
        Some(Node { span, value })
    }

    fn number<N>(&mut self, span: Span, number: Option<N>) -> Option<N> {
        if number.is_none() {
            // The parser lets a bare `0x` pass; any other number that does not convert is too large.
            let digits = self.text.get(span.range()).is_some_and(|raw| raw.len() > 2);
            self.errors.push(match digits {
                true => SyntaxError::NumberTooLarge { span },
                false => SyntaxError::Grammar { span, message: "invalid integer".to_owned() },
            });
        }
        number
    }
}

/// A float; one that is written in digits and is not finite is too large for a double.
fn float(text: &str) -> Option<f64> {
    text.parse().ok().filter(|number: &f64| number.is_finite() || !text.contains(|c: char| c.is_ascii_digit()))
}
