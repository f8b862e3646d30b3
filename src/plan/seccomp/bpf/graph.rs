//! The program as a graph, and its assembly into instructions with jump distances. Never knows what is filtered.
//!
//! Nodes are made after the nodes they lead to, so their order of creation, turned round, is an order in which every jump
//! goes forward: all that classic BPF can do. Assembly is one pass without recursion, whatever the size of the profile.

use super::{Action, Instruction};

/// A node of the graph.
pub(super) type Label = usize;

/// A comparison of the accumulator with a constant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    Equal,
    Greater,
    GreaterOrEqual,
    AnyBit,
}

#[derive(Debug, Clone, Copy)]
enum Node {
    Answer(u32),
    Load { offset: u32, next: Label },
    And { mask: u32, next: Label },
    Jump { test: Test, k: u32, yes: Label, no: Label },
}

pub(super) struct Graph {
    nodes: Vec<Node>,
    /// The answers, which every path shares.
    answers: Vec<(Action, Label)>,
}

impl Graph {
    pub(super) fn new() -> Self {
        Self { nodes: Vec::with_capacity(128), answers: Vec::with_capacity(8) }
    }

    pub(super) fn answer(&mut self, action: Action) -> Label {
        if let Some((_, label)) = self.answers.iter().find(|(known, _)| *known == action) {
            return *label;
        }
        let label = self.node(Node::Answer(action.code()));
        self.answers.push((action, label));
        label
    }

    pub(super) fn load(&mut self, offset: u32, next: Label) -> Label {
        self.node(Node::Load { offset, next })
    }

    pub(super) fn and(&mut self, mask: u32, next: Label) -> Label {
        self.node(Node::And { mask, next })
    }

    pub(super) fn jump(&mut self, test: Test, k: u32, yes: Label, no: Label) -> Label {
        self.node(Node::Jump { test, k, yes, no })
    }

    /// Steps over a load of what the accumulator already holds.
    pub(super) fn having_loaded(&self, offset: u32, label: Label) -> Label {
        match self.nodes[label] {
            Node::Load { offset: same, next } if same == offset => next,
            _ => label,
        }
    }

    fn node(&mut self, node: Node) -> Label {
        self.nodes.push(node);
        self.nodes.len() - 1
    }

    /// Lays out what can be reached from `start`.
    pub(super) fn assemble(&self, start: Label) -> Vec<Instruction> {
        let reached = self.reached_from(start);
        let mut assembly = Assembly { reversed: Vec::with_capacity(start + 8), places: vec![0; start + 1] };
        for label in (0..=start).filter(|label| reached[*label]) {
            assembly.node(self, label);
        }
        assembly.reversed.reverse();
        assembly.reversed
    }

    fn reached_from(&self, start: Label) -> Vec<bool> {
        let mut reached = vec![false; start + 1];
        reached[start] = true;
        for label in (0..=start).rev() {
            match self.nodes[label] {
                Node::Load { next, .. } | Node::And { next, .. } if reached[label] => reached[next] = true,
                Node::Jump { yes, no, .. } if reached[label] => (reached[yes], reached[no]) = (true, true),
                _ => {}
            }
        }
        reached
    }
}

/// `BPF_LD | BPF_W | BPF_ABS` and so on, of `linux/bpf_common.h`.
const LOAD: u16 = 0x20;
const AND: u16 = 0x54;
const JUMP_ALWAYS: u16 = 0x05;
const JUMP_EQUAL: u16 = 0x15;
const JUMP_GREATER: u16 = 0x25;
const JUMP_GREATER_OR_EQUAL: u16 = 0x35;
const JUMP_ANY_BIT: u16 = 0x45;
const RETURN: u16 = 0x06;

impl Test {
    const fn code(self) -> u16 {
        match self {
            Self::Equal => JUMP_EQUAL,
            Self::Greater => JUMP_GREATER,
            Self::GreaterOrEqual => JUMP_GREATER_OR_EQUAL,
            Self::AnyBit => JUMP_ANY_BIT,
        }
    }
}

/// Instructions from the last to the first.
struct Assembly {
    reversed: Vec<Instruction>,
    /// Where each node stands in `reversed`: the nearest copy of it.
    places: Vec<usize>,
}

impl Assembly {
    fn node(&mut self, graph: &Graph, label: Label) {
        match graph.nodes[label] {
            Node::Answer(code) => self.push(RETURN, 0, 0, code),
            Node::Load { offset, next } => {
                self.bring_within(0, graph, next);
                self.push(LOAD, 0, 0, offset);
            }
            Node::And { mask, next } => {
                self.bring_within(0, graph, next);
                self.push(AND, 0, 0, mask);
            }
            Node::Jump { test, k, yes, no } => self.jump(graph, test, k, yes, no),
        }
        self.places[label] = self.reversed.len() - 1;
    }

    fn jump(&mut self, graph: &Graph, test: Test, k: u32, yes: Label, no: Label) {
        loop {
            // A copy made for one target moves the other one away: look at both again until both are near.
            self.bring_within(u8::MAX, graph, yes);
            self.bring_within(u8::MAX, graph, no);
            if let (Ok(jt), Ok(jf)) = (u8::try_from(self.distance(yes)), u8::try_from(self.distance(no))) {
                return self.push(test.code(), jt, jf, k);
            }
        }
    }

    /// Puts a copy of an answer, or a jump with a 32-bit distance, where the target is too far for a jump with 8 bits.
    fn bring_within(&mut self, reach: u8, graph: &Graph, label: Label) {
        let distance = self.distance(label);
        if distance <= u32::from(reach) {
            return;
        }
        match graph.nodes[label] {
            Node::Answer(code) => self.push(RETURN, 0, 0, code),
            _ => self.push(JUMP_ALWAYS, 0, 0, distance),
        }
        self.places[label] = self.reversed.len() - 1;
    }

    /// Counts the instructions between the next one to be pushed and the target.
    fn distance(&self, label: Label) -> u32 {
        u32::try_from(self.reversed.len() - 1 - self.places[label]).unwrap_or(u32::MAX)
    }

    fn push(&mut self, code: u16, jt: u8, jf: u8, k: u32) {
        self.reversed.push(Instruction { code, jt, jf, k });
    }
}
