//! The lines of a source around some marks, fit for a terminal: no control characters, no tabs, not wider than it.
//!
//! Keeps where the bytes of the file went, so that the marks stay under what they mean.

use std::ops::Range;

use miette::{LabeledSpan, MietteError, MietteSpanContents, SourceCode, SourceSpan, SpanContents};

use super::safe::acts;
use crate::config::{Sources, Span};

/// How much of a line is looked at on each side of its marks, in bytes: a line may be a megabyte long.
const AROUND: usize = 2000;

/// Lines to show, as a source of miette's.
#[derive(Debug)]
pub(super) struct Excerpt {
    name: String,
    text: String,
    /// The number of the first line, from 0.
    first_line: usize,
    /// Where the first mark is in the file: line and column, from 0.
    start: (usize, usize),
    /// The marks in the excerpt.
    pub(super) labels: Vec<LabeledSpan>,
}

/// What to mark: where and with which words; the first is the primary one.
pub(super) type Marks<'m> = [(Span, &'m str)];

impl Excerpt {
    /// Takes the lines of `marks`, which are near to each other in one source, and one more on each side.
    pub(super) fn new(sources: &Sources, marks: &Marks<'_>, primary: Span, columns: usize) -> Self {
        let source = primary.source;
        let (first, last) = marks.iter().fold((usize::MAX, 0), |(first, last), (span, _)| {
            (first.min(span.start as usize), last.max(span.start as usize))
        });
        let text = sources.text(source);
        let lines = with_neighbours(sources, source, first, last);
        let begin = sources.position(source, primary.start as usize);
        let mut excerpt = Self {
            name: super::safe::safe(sources.name(source)).into_owned(),
            text: String::new(),
            first_line: sources.position(source, lines.first().map_or(0, |line| line.start)).line - 1,
            start: (begin.line - 1, begin.column - 1),
            labels: Vec::with_capacity(marks.len()),
        };
        for line in lines {
            excerpt.line(text, &line, marks, primary, columns);
        }
        excerpt
    }

    /// Appends a line and the marks that begin in it.
    fn line(&mut self, text: &str, line: &Range<usize>, marks: &Marks<'_>, primary: Span, columns: usize) {
        let here = |span: &Span| (line.start..=line.end).contains(&(span.start as usize));
        let inside: Vec<&(Span, &str)> = marks.iter().filter(|(span, _)| here(span)).collect();
        let anchor = inside.iter().map(|(span, _)| span.start as usize).min().unwrap_or(line.start);
        let shown = Shown::new(text, line, anchor, columns);
        let base = self.text.len();
        for (span, label) in inside {
            let start = shown.column(span.start as usize);
            let end = shown
                .column((span.end as usize).min(line.end))
                .max(start + usize::from(shown.text[start..].is_empty()));
            let range = base + start..base + end.max(shown.after(start));
            let label = (!label.is_empty()).then(|| super::safe::safe(label).replace('\n', " "));
            self.labels.push(match *span == primary {
                true => LabeledSpan::new_primary_with_span(label, range),
                false => LabeledSpan::new_with_span(label, range),
            });
        }
        self.text.push_str(&shown.text);
        // Room for a mark behind the end of the line.
        self.text.push_str(" \n");
    }
}

/// The lines from the first to the last offset, one before and one after.
fn with_neighbours(sources: &Sources, source: u16, first: usize, last: usize) -> Vec<Range<usize>> {
    let text = sources.text(source);
    let mut lines = vec![sources.line(source, first)];
    if let Some(before) = lines[0].start.checked_sub(1) {
        lines.insert(0, sources.line(source, before));
    }
    let mut end = lines.last().map_or(0, |line| line.end);
    let mut after = 0;
    while end < text.len() && after < 1 {
        let next = sources.line(source, end + 1);
        after += usize::from(next.start > last);
        end = next.end;
        if !(next.is_empty() && next.start >= text.len()) {
            lines.push(next);
        }
    }
    lines
}

/// A line as shown.
#[derive(Debug)]
struct Shown {
    text: String,
    /// For each shown character: its offset in the file, and in the line as shown.
    map: Vec<(usize, usize)>,
}

impl Shown {
    /// Shows a line; of a long one the part around `anchor`.
    fn new(text: &str, line: &Range<usize>, anchor: usize, columns: usize) -> Self {
        let boundary = |at: usize| (at..=at + 3).find(|at| text.is_char_boundary(*at)).unwrap_or(line.end);
        let from = boundary(anchor.saturating_sub(AROUND).max(line.start));
        let to = boundary((anchor + AROUND).min(line.end)).min(line.end);
        let characters: Vec<(usize, char)> = text.get(from..to).unwrap_or("").char_indices().collect();
        let before = characters.iter().take_while(|(at, _)| from + at < anchor).count();
        // A third of the room is for what stands before the mark, unless all of it fits.
        let skip = if characters.len() <= columns { 0 } else { before.saturating_sub(columns / 3) };
        let mut shown = Self { text: String::new(), map: Vec::new() };
        if from + characters.get(skip).map_or(0, |(at, _)| *at) > line.start && skip > 0 || from > line.start {
            shown.text.push('…');
        }
        let mut width = 0;
        for (at, c) in characters.into_iter().skip(skip) {
            if width >= columns {
                shown.text.push('…');
                break;
            }
            shown.map.push((from + at, shown.text.len()));
            width += shown.push(c);
        }
        shown
    }

    fn push(&mut self, c: char) -> usize {
        let mut buffer = [0; 4];
        let text = match c {
            '\t' => "    ",
            '\r' => "",
            c if acts(c) => "\u{fffd}",
            c => c.encode_utf8(&mut buffer),
        };
        self.text.push_str(text);
        text.chars().count()
    }

    /// Where an offset of the file is in the line as shown.
    fn column(&self, offset: usize) -> usize {
        let next = self.map.partition_point(|(at, _)| *at < offset);
        self.map.get(next).map_or(self.text.trim_end_matches('…').len(), |(_, column)| *column)
    }

    /// The end of the character at a column, so that a mark is never empty.
    fn after(&self, column: usize) -> usize {
        self.text[column..].chars().next().map_or(column + 1, |c| column + c.len_utf8())
    }
}

impl SourceCode for Excerpt {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let inner = self.text.as_str().read_span(span, before, after)?;
        // Without context only the head of the picture asks, which says where the first mark is.
        let (line, column) =
            if before == 0 && after == 0 { self.start } else { (self.first_line + inner.line(), inner.column()) };
        Ok(Box::new(MietteSpanContents::new_named(
            self.name.clone(),
            inner.data(),
            *inner.span(),
            line,
            column,
            inner.line_count(),
        )))
    }
}
