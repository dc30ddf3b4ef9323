// Options: `(HOST = 'db', PASSWORD SECRET s, TEXT COLUMNS (a.b), REPLICAS (r1 (SIZE '25cc')))`.
//
// Names are in upper case with single blanks, synonyms resolved (USERNAME -> USER, IGNORE COLUMNS
// -> EXCLUDE COLUMNS). The parser knows which names each kind of list has; whether an option suits
// the object, is given once, and has a value of the right kind is the planner's to check.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::ast {

struct Option;
struct OptionValue;

struct SecretReference {  // SECRET name
  ObjectName name;
};

// c (PORT 5432, AVAILABILITY ZONE 'use1-az1'), of AWS PRIVATELINK. Without options it is an
// ObjectName alone.
struct ObjectWithOptions {
  ObjectName name;
  std::vector<Option> options;
};

struct OptionList {  // (a, b) or [a, b]
  std::vector<OptionValue> values;
};

struct RetainFor {  // FOR '1h', of RETAIN HISTORY and of WAIT
  Box<OptionValue> duration;
};

// A word with options of its own: SCHEDULE = MANUAL, ON REFRESH (HYDRATION TIME ESTIMATE = '1h'),
// WAIT UNTIL READY (TIMEOUT '10m'), AUTO SCALING STRATEGY = (ON HYDRATION (..)).
struct OptionPolicy {
  std::string name;  // MANUAL, ON REFRESH, UNTIL READY, ON HYDRATION
  std::vector<Option> options;
};

struct ReplicaDefinition {
  Ident name;
  std::vector<Option> options;
};

struct ReplicaDefinitions {
  std::vector<ReplicaDefinition> replicas;
};

struct RefreshOnCommit {};
struct RefreshAtCreation {};
struct RefreshAt {
  Expression time;
};
struct RefreshEvery {
  std::string interval;
  std::optional<Box<Expression>> aligned_to;
};
using Refresh = std::variant<RefreshOnCommit, RefreshAtCreation, RefreshAt, RefreshEvery>;

// Numbers keep their sign in the text. A bare word is an ObjectName, for the planner to read as
// a name, as text (`SSL MODE = require`), or as a boolean (`on`).
struct OptionValue {
  std::variant<NullLiteral, BooleanLiteral, NumberLiteral, StringLiteral, IntervalLiteral,
               ObjectName, SecretReference, OptionList, RetainFor, OptionPolicy, ReplicaDefinitions,
               Refresh, MapConstructor, TypeName, ObjectWithOptions>
      node;
  std::uint32_t position = 0;
};

struct Option {
  std::string name;
  std::optional<OptionValue> value;  // absent: bare name, which booleans read as true
  std::uint32_t position = 0;
};

}  // namespace tailrace::ast
