//! From text to the spanned tree, with what is wrong with the TOML itself.
//!
//! The parser recovers, so what can be trusted of a broken file still gets its other mistakes named. Never types anything.

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

/// Deepest nesting that a value may have; the file needs five.
const DEPTH: usize = 32;

/// Parses one source.
pub fn parse(sources: &Sources, id: u16) -> (Table, Vec<SyntaxError>) {
    let (table, errors) = DeTable::parse_recoverable(sources.text(id));
    let mut out: Vec<SyntaxError> = errors.iter().map(|error| syntax_error(id, error)).collect();
    let mut build = Build { source: id, errors: &mut out };
    let table = build.table(table.into_inner(), 0);
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
            DeValue::Float(number) => Value::Float(self.number(span, number.as_str().parse().ok())?),
            DeValue::Array(list) => {
                Value::Array(list.into_iter().filter_map(|value| self.node(value, depth + 1)).collect())
            }
            DeValue::Table(table) => Value::Table(self.table(table, depth)),
        };
        Some(Node { span, value })
    }

    fn number<N>(&mut self, span: Span, number: Option<N>) -> Option<N> {
        if number.is_none() {
            self.errors.push(SyntaxError::NumberTooLarge { span });
        }
        number
    }
}
