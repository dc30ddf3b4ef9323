// Reading and writing rows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/query.hpp"

namespace tailrace::ast {

struct SelectStatement {
  Query query;
  std::optional<AsOf> as_of;
};

// Subscribing

struct EnvelopeUpsert {
  std::vector<Ident> keys;
};
struct EnvelopeDebezium {
  std::vector<Ident> keys;
};
struct WithinTimestampOrderBy {
  std::vector<OrderItem> items;
};

struct Subscribe {
  std::variant<ObjectName, Box<Query>> relation;
  std::variant<std::monostate, EnvelopeUpsert, EnvelopeDebezium, WithinTimestampOrderBy> output;
  std::vector<Option> with;  // SNAPSHOT, PROGRESS
  std::optional<AsOf> as_of;
  std::optional<Expression> up_to;
};

// Writing

struct DefaultValues {};

struct Insert {
  ObjectName table;
  std::optional<Ident> alias;
  std::vector<Ident> columns;
  // Where this is plain VALUES, its cells may be DefaultMarker.
  std::variant<Query, DefaultValues> source;
  std::vector<SelectItem> returning;
};

struct Assignment {
  Ident column;
  Expression value;
};

struct Update {
  ObjectName table;
  std::optional<Ident> alias;
  std::vector<Assignment> assignments;
  std::optional<Expression> where;
};

struct Delete {
  ObjectName table;
  std::optional<Ident> alias;
  std::vector<FromItem> using_;
  std::optional<Expression> where;
};

// Copying

struct CopyRelation {
  ObjectName name;
  std::vector<Ident> columns;
};

struct CopyTo {
  std::variant<CopyRelation, SelectStatement, Subscribe> source;
  std::optional<Expression> url;  // absent: STDOUT
  std::vector<Option> options;
};

struct CopyFrom {
  CopyRelation target;
  std::optional<Expression> url;  // absent: STDIN
  std::vector<Option> options;
};

}  // namespace tailrace::ast
