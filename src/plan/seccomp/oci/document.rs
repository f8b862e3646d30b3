//! The JSON as written, checked for itself. Never depends on the machine; see [`super::lower`].
//!
//! What is wrong is refused while it is read, where serde_json knows the line. The words are those of the formats.

use serde::Deserialize;
use serde::de::{Deserializer, Error, IgnoredAny};

use super::super::{Action, Compare, Errno};
use super::words::{Architecture, ErrnoName, ErrnoNumber, Flag, Kernel, Operator, OwnAction};

/// The whole file.
#[derive(Deserialize)]
#[serde(try_from = "RawDocument")]
pub(super) struct Document {
    pub(super) default: Action,
    pub(super) architectures: Vec<Architecture>,
    pub(super) rules: Vec<Rule>,
    pub(super) log: bool,
    pub(super) spec_allow: bool,
}

/// One entry of `syscalls`.
#[derive(Deserialize)]
#[serde(try_from = "RawRule")]
pub(super) struct Rule {
    pub(super) names: Vec<String>,
    pub(super) action: Action,
    pub(super) conditions: Vec<Argument>,
    pub(super) includes: Terms,
    pub(super) excludes: Terms,
}

/// One entry of `args`.
#[derive(Deserialize, Clone, Copy)]
#[serde(try_from = "RawArgument")]
pub(super) struct Argument {
    pub(super) index: u8,
    pub(super) compare: Compare,
}

/// When a rule counts, or does not.
#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, rename_all = "camelCase", default)]
pub(super) struct Terms {
    #[serde(deserialize_with = "nothing_is_empty")]
    pub(super) caps: Vec<String>,
    #[serde(deserialize_with = "nothing_is_empty")]
    pub(super) arches: Vec<String>,
    pub(super) min_kernel: Option<Kernel>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawDocument {
    default_action: OwnAction,
    default_errno_ret: Option<ErrnoNumber>,
    default_errno: Option<ErrnoName>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    architectures: Vec<Architecture>,
    /// Lists, for each 64-bit architecture, the 32-bit ABIs that may run beside it; none of them may here.
    #[serde(default, rename = "archMap")]
    _arch_map: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    flags: Vec<Flag>,
    #[serde(default, rename = "listenerPath", deserialize_with = "no_listener")]
    _listener_path: (),
    #[serde(default, rename = "listenerMetadata")]
    _listener_metadata: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    syscalls: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawRule {
    /// Docker's form from before there were several names.
    name: Option<String>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    names: Vec<String>,
    action: OwnAction,
    errno_ret: Option<ErrnoNumber>,
    errno: Option<ErrnoName>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    args: Vec<Argument>,
    #[serde(default, rename = "comment")]
    _comment: Option<IgnoredAny>,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    includes: Terms,
    #[serde(default, deserialize_with = "nothing_is_empty")]
    excludes: Terms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
struct RawArgument {
    index: u8,
    value: u64,
    #[serde(default)]
    value_two: u64,
    op: Operator,
}

impl TryFrom<RawDocument> for Document {
    type Error = String;

    fn try_from(raw: RawDocument) -> Result<Self, String> {
        Ok(Self {
            default: action(raw.default_action, raw.default_errno_ret, raw.default_errno)?,
            architectures: raw.architectures,
            rules: raw.syscalls,
            log: raw.flags.contains(&Flag::Log),
            spec_allow: raw.flags.contains(&Flag::SpecAllow),
        })
    }
}

impl TryFrom<RawRule> for Rule {
    type Error = String;

    fn try_from(raw: RawRule) -> Result<Self, String> {
        let names: Vec<String> = raw.name.into_iter().chain(raw.names).collect();
        if names.is_empty() {
            return Err("a rule without `names`".to_owned());
        }
        let action = action(raw.action, raw.errno_ret, raw.errno)?;
        Ok(Self { names, action, conditions: raw.args, includes: raw.includes, excludes: raw.excludes })
    }
}

impl TryFrom<RawArgument> for Argument {
    type Error = String;

    fn try_from(raw: RawArgument) -> Result<Self, String> {
        if raw.index > 5 {
            return Err(format!("`index` is {}, a system call has arguments 0 to 5", raw.index));
        }
        let compare = match raw.op {
            Operator::NotEqual => Compare::NotEqual(raw.value),
            Operator::Less => Compare::Less(raw.value),
            Operator::LessOrEqual => Compare::LessOrEqual(raw.value),
            Operator::Equal => Compare::Equal(raw.value),
            Operator::GreaterOrEqual => Compare::GreaterOrEqual(raw.value),
            Operator::Greater => Compare::Greater(raw.value),
            Operator::MaskedEqual => Compare::MaskedEqual { mask: raw.value, value: raw.value_two },
        };
        Ok(Self { index: raw.index, compare })
    }
}

/// Joins an action and its number; podman writes the name of an errno beside it, which must be the same one.
fn action(name: OwnAction, number: Option<ErrnoNumber>, errno: Option<ErrnoName>) -> Result<Action, String> {
    let errno = match (number, errno) {
        (Some(ErrnoNumber(number)), Some(ErrnoName(name))) if number != name => {
            return Err(format!("the errno is {} by number and {} by name", number.number(), name.number()));
        }
        (Some(ErrnoNumber(errno)), _) | (None, Some(ErrnoName(errno))) => errno,
        (None, None) => Errno::EPERM,
    };
    Ok(name.0(errno))
}

/// `null` is an empty list, as Go writes one.
fn nothing_is_empty<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn no_listener<'de, D: Deserializer<'de>>(deserializer: D) -> Result<(), D::Error> {
    match Option::<String>::deserialize(deserializer)? {
        Some(path) if !path.is_empty() => {
            Err(D::Error::custom(format!("`listenerPath` ({path}) needs a listener, which launch does not have")))
        }
        _ => Ok(()),
    }
}
