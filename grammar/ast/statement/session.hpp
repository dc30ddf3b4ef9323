// What a session does for itself: transactions, cursors, prepared statements, variables.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/box.hpp"
#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/statement/data.hpp"
#include "grammar/ast/statement/variable_value.hpp"

namespace tailrace::ast {

struct Statement;

enum class TransactionMode {
  read_uncommitted,
  read_committed,
  repeatable_read,
  serializable,
  strict_serializable,
  strong_session_serializable,
  read_only,
  read_write,
};

struct Begin {  // also START TRANSACTION
  std::vector<TransactionMode> modes;
};

struct Commit {
  bool and_chain = false;
};

struct Rollback {  // also ABORT
  bool and_chain = false;
};

struct SetTransaction {
  bool session_characteristics = false;  // SET SESSION CHARACTERISTICS AS TRANSACTION
  std::vector<TransactionMode> modes;
};

struct Declare {
  Ident name;
  bool with_hold = false;
  std::variant<SelectStatement, Subscribe> source;
};

struct Fetch {
  struct All {};
  Ident name;
  std::variant<std::monostate, std::uint64_t, All> count;  // monostate: one
  std::vector<Option> with;                                // TIMEOUT
};

struct Close {
  Ident name;
};

struct Prepare {
  Ident name;
  Box<Statement> statement;
};

struct Execute {
  Ident name;
  std::vector<Expression> arguments;
};

struct Deallocate {
  std::optional<Ident> name;  // absent: ALL
};

struct SetVariable {  // SET TIME ZONE v is `timezone`, SET NAMES v `client_encoding`, SET SCHEMA
                      // `schema`
  Ident name;         // in lower case
  bool local = false;
  VariableValues values;
};

struct ResetVariable {
  Ident name;
};

enum class DiscardWhat { all, plans, sequences, temporary };

struct Discard {
  DiscardWhat what = DiscardWhat::all;
};

struct Raise {
  enum class Severity { debug, info, log, notice, warning };
  Severity severity = Severity::notice;
};

}  // namespace tailrace::ast
