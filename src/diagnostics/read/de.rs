//! A serde deserializer over the spanned tree that knows where it is.
//!
//! Unknown keys are recorded in passing; any other mistake ends the pass with its place. Leaves out what was wrong before.

use std::cell::RefCell;
use std::collections::HashSet;
use std::ptr;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;

use super::super::reserved;
use super::mistake::{Kind, Mistake, Placed, Wrong};
use super::place::{Step, Way};
use crate::config::{Entry, Node, Span, Table, Value};

/// Most mistakes that are described: a file with more is something else than a configuration.
const MOST: usize = 200;

/// What is remembered between passes.
#[derive(Debug, Default)]
pub(super) struct Reading {
    /// Nodes to leave out, by address: the tree does not move while it is read.
    out: RefCell<HashSet<usize>>,
    mistakes: RefCell<Vec<Mistake>>,
}

impl Reading {
    /// Keeps a mistake that ended a pass; false when its place is not known, so that another pass would end the same way.
    pub(super) fn record(&self, wrong: Wrong) -> bool {
        let Some(placed) = wrong.placed else {
            self.mistakes.borrow_mut().push(Mistake {
                kind: *wrong.kind,
                path: Way::ROOT.path(),
                key: None,
                value: Span::default(),
            });
            return false;
        };
        let Placed { node, path, key, value } = *placed;
        self.mistakes.borrow_mut().push(Mistake { kind: *wrong.kind, path, key, value });
        self.out.borrow_mut().insert(node)
    }

    /// All mistakes.
    pub(super) fn into_mistakes(self) -> Vec<Mistake> {
        self.mistakes.into_inner()
    }

    fn leaves_out(&self, node: &Node) -> bool {
        let out = self.out.borrow();
        !out.is_empty() && out.contains(&address(node))
    }

    fn pass_over(&self, entry: &Entry, way: &Way<'_>, kind: Kind) {
        let room = self.mistakes.borrow().len() < MOST;
        if self.out.borrow_mut().insert(address(&entry.node)) && room {
            let (key, value) = (Some(entry.key_span), entry.node.span);
            self.mistakes.borrow_mut().push(Mistake { kind, path: way.path(), key, value });
        }
    }
}

fn address(node: &Node) -> usize {
    ptr::from_ref(node).addr()
}

/// Gives a mistake the place of the innermost value that it is in.
fn placed(mut wrong: Wrong, node: &Node, key: Option<Span>, way: &Way<'_>) -> Wrong {
    if wrong.placed.is_none() {
        wrong.placed = Some(Box::new(Placed { node: address(node), path: way.path(), key, value: node.span }));
    }
    wrong
}

/// A table.
#[derive(Debug, Clone, Copy)]
pub(super) struct TableDe<'t, 'w> {
    table: &'t Table,
    reading: &'w Reading,
    way: &'w Way<'w>,
}

impl<'t, 'w> TableDe<'t, 'w> {
    /// The whole file.
    pub(super) fn root(table: &'t Table, reading: &'w Reading) -> Self {
        Self { table, reading, way: &Way::ROOT }
    }

    fn entries(self, known: Option<&'static [&'static str]>) -> Entries<'t, 'w> {
        Entries { de: self, rest: self.table.entries.iter(), known, current: None }
    }
}

impl<'de> Deserializer<'de> for TableDe<'de, '_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_map(self.entries(None))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_map(self.entries(Some(fields)))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct seq tuple tuple_struct map enum identifier ignored_any
    }
}

/// The keys of a table, one after the other.
struct Entries<'t, 'w> {
    de: TableDe<'t, 'w>,
    rest: std::slice::Iter<'t, Entry>,
    known: Option<&'static [&'static str]>,
    current: Option<&'t Entry>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let TableDe { reading, way, .. } = self.de;
        for entry in self.rest.by_ref() {
            if reading.leaves_out(&entry.node) {
                continue;
            }
            if let Some(known) = self.known
                && !known.contains(&entry.name.as_str())
            {
                reading.pass_over(entry, way, Kind::UnknownKey(entry.name.clone(), known));
                continue;
            }
            if reserved::unbuilt(&entry.name, |path| way.leads_to(&entry.name, path)) {
                reading.pass_over(entry, way, Kind::UnbuiltKey(entry.name.clone()));
                continue;
            }
            self.current = Some(entry);
            let key: StrDeserializer<'_, Wrong> = entry.name.as_str().into_deserializer();
            return seed
                .deserialize(key)
                .map(Some)
                .map_err(|wrong| placed(wrong, &entry.node, Some(entry.key_span), way));
        }
        Ok(None)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Wrong> {
        let Some(entry) = self.current.take() else { return Err(serde::de::Error::custom("a value without its key")) };
        let way = Way { parent: Some(self.de.way), step: Step::Key(&entry.name) };
        let de = NodeDe { node: &entry.node, reading: self.de.reading, way: &way };
        seed.deserialize(de).map_err(|wrong| placed(wrong, &entry.node, Some(entry.key_span), &way))
    }
}

/// A value.
#[derive(Debug, Clone, Copy)]
struct NodeDe<'t, 'w> {
    node: &'t Node,
    reading: &'w Reading,
    way: &'w Way<'w>,
}

impl<'de> Deserializer<'de> for NodeDe<'de, '_> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        let Self { node, reading, way } = self;
        match &node.value {
            Value::String(text) => visitor.visit_borrowed_str(text),
            Value::Integer(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(*number),
            Value::Boolean(value) => visitor.visit_bool(*value),
            Value::Datetime(_) => Err(serde::de::Error::invalid_type(Unexpected::Other("a date"), &visitor)),
            Value::Array(list) => visitor.visit_seq(Elements { list: list.iter().enumerate(), reading, way }),
            Value::Table(table) => TableDe { table, reading, way }.deserialize_any(visitor),
        }
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.node.value {
            Value::Table(table) => {
                TableDe { table, reading: self.reading, way: self.way }.deserialize_struct(name, fields, visitor)
            }
            // Serde reads a struct from an array too; TOML has no use for that.
            Value::Array(_) => Err(serde::de::Error::invalid_type(Unexpected::Seq, &visitor)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match &self.node.value {
            Value::String(word) => visitor.visit_enum(Word(word)),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_unit()
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map identifier
    }
}

/// The elements of an array.
struct Elements<'t, 'w> {
    list: std::iter::Enumerate<std::slice::Iter<'t, Node>>,
    reading: &'w Reading,
    way: &'w Way<'w>,
}

impl<'de> SeqAccess<'de> for Elements<'de, '_> {
    type Error = Wrong;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Wrong> {
        let reading = self.reading;
        let Some((index, node)) = self.list.find(|(_, node)| !reading.leaves_out(node)) else { return Ok(None) };
        let way = Way { parent: Some(self.way), step: Step::Index(index) };
        let de = NodeDe { node, reading, way: &way };
        seed.deserialize(de).map(Some).map_err(|wrong| placed(wrong, node, None, &way))
    }
}

/// A variant written as its name.
struct Word<'t>(&'t str);

impl<'de> EnumAccess<'de> for Word<'de> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Wrong> {
        let name: StrDeserializer<'_, Wrong> = self.0.into_deserializer();
        seed.deserialize(name).map(|value| (value, self))
    }
}

impl<'de> VariantAccess<'de> for Word<'de> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        Ok(())
    }
    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, _: S) -> Result<S::Value, Wrong> {
        Err(serde::de::Error::invalid_type(Unexpected::UnitVariant, &"a table with that key"))
    }
    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        Err(serde::de::Error::invalid_type(Unexpected::UnitVariant, &visitor))
    }
    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Wrong> {
        Err(serde::de::Error::invalid_type(Unexpected::UnitVariant, &visitor))
    }
}
