//! The names of all mistakes, each with its reason and a wrong and a right example.
//!
//! The only place to touch when a mistake is added: four lines in the table below.

/// Declares a code: `Variant "name" "why" wrong "…" right "…"`.
macro_rules! codes {
    ($($variant:ident $name:literal $why:literal wrong $wrong:literal right $right:literal)*) => {
        /// The name of a mistake: stable, for `launch explain`, JSON and the report.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Code {
            $(#[doc = $why] $variant,)*
        }

        /// All codes.
        pub const CODES: &[Code] = &[$(Code::$variant),*];

        impl Code {
            /// The name, as in `unknown_key`.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Why it is a mistake, in a sentence or two.
            pub const fn why(self) -> &'static str {
                match self { $(Self::$variant => $why,)* }
            }

            /// An example with the mistake; empty where it cannot be written in a file.
            pub const fn wrong(self) -> &'static str {
                match self { $(Self::$variant => $wrong,)* }
            }

            /// The example without the mistake.
            pub const fn right(self) -> &'static str {
                match self { $(Self::$variant => $right,)* }
            }
        }
    };
}

codes! {
    Syntax "syntax"
        "The file is not TOML. Only the first such mistake is shown, because later ones are often caused by it."
        wrong "command = /bin/sh" right "command = \"/bin/sh\""
    DuplicateKey "duplicate_key"
        "A key or table is written twice, and TOML does not say which one counts."
        wrong "hostname = \"a\"\nhostname = \"b\"" right "hostname = \"b\""
    UnknownKey "unknown_key"
        "A key must be known: a misspelt limit would be no limit at all."
        wrong "hostnam = \"box\"" right "hostname = \"box\""
    MisplacedKey "misplaced_key"
        "The key is known, but in another table."
        wrong "memory = \"50MiB\"" right "[limits]\nmemory = \"50MiB\""
    ReservedKey "reserved_key"
        "The key is part of the format, but this version of launch does not carry it out; nothing that is written is ignored."
        wrong "restart = \"always\"" right "# keep it running with a service manager"
    ReservedValue "reserved_value"
        "The value is part of the format, but this version of launch does not carry it out."
        wrong "[network]\nmode = \"bridge\"" right "[network]\nmode = \"none\""
    UnknownValue "unknown_value"
        "The key takes one of a few words, and this is none of them."
        wrong "[rootfs]\npath = \"alpine\"\nmode = \"ro\"" right "[rootfs]\npath = \"alpine\"\nmode = \"readonly\""
    InvalidValue "invalid_value"
        "The value has the right type but not the right form."
        wrong "[stdio]\ntty = \"on\"" right "[stdio]\ntty = true"
    WrongType "wrong_type"
        "The value is of another type than the key takes: a string is quoted, a number is not, a list stands in brackets."
        wrong "args = \"-l\"" right "args = [\"-l\"]"
    OutOfRange "out_of_range"
        "The number is smaller or larger than the kernel or the format takes."
        wrong "[limits]\npids = 99999999999999999999" right "[limits]\npids = 64"
    MissingKey "missing_key"
        "A table lacks a key that it cannot do without."
        wrong "[[mounts]]\nsource = \"data\"" right "[[mounts]]\nsource = \"data\"\ntarget = \"/data\""
    EmptyFile "empty_file"
        "The file says nothing, not even which command to run."
        wrong "" right "command = \"/bin/sh\"\nrootfs = \"alpine\""
    NotUtf8 "not_utf8"
        "TOML is UTF-8; the file has bytes that are not, so it is in another encoding or not text at all."
        wrong "" right ""
    ControlCharacter "control_character"
        "The file has a NUL byte or another control character, which TOML does not allow; it is not text, or was damaged."
        wrong "" right ""
    FileTooLarge "file_too_large"
        "A file of more than 1 MiB is not a configuration that anyone wrote or reviews."
        wrong "" right ""
    NestedTooDeep "nested_too_deep"
        "Values are nested deeper than any key of the format is."
        wrong "args = [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"x\"]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]" right "args = [\"x\"]"
}

impl Code {
    /// The code of that name.
    pub fn named(name: &str) -> Option<Self> {
        CODES.iter().copied().find(|code| code.as_str() == name)
    }

    /// The paragraph of `launch explain`: why, a wrong and a right example.
    pub fn explanation(self) -> String {
        let mut text = format!("{}: {}\n", self.as_str(), self.why());
        for (title, example) in [("Wrong:", self.wrong()), ("Right:", self.right())] {
            if !example.is_empty() {
                let indented: Vec<String> = example.lines().map(|line| format!("    {line}\n")).collect();
                text.extend(["\n", title, "\n\n", &indented.concat()]);
            }
        }
        text
    }
}

impl std::fmt::Display for Code {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
