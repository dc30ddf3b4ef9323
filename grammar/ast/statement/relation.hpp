// Tables, views, materialized views, indexes and types.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/name.hpp"
#include "grammar/ast/option.hpp"
#include "grammar/ast/query.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::ast {

// Column constraints. Only NOT NULL and DEFAULT are enforced by the engine; the rest parse.
struct ColumnNotNull {};
struct ColumnNull {};
struct ColumnDefault {
  Expression value;
};
struct ColumnUnique {
  bool primary_key = false;
};
struct ColumnCheck {
  Expression condition;
};
struct ColumnReferences {
  ObjectName table;
  std::vector<Ident> columns;
};
struct ColumnVersionAdded {  // VERSION ADDED 1, in stored definitions
  std::uint64_t version = 0;
};

struct ColumnOption {
  std::optional<Ident> constraint;  // CONSTRAINT name
  std::variant<ColumnNotNull, ColumnNull, ColumnDefault, ColumnUnique, ColumnCheck,
               ColumnReferences, ColumnVersionAdded>
      node;
  std::uint32_t position = 0;
};

struct ColumnDefinition {
  Ident name;
  TypeName type;
  std::optional<ObjectName> collation;
  std::vector<ColumnOption> options;
};

struct UniqueConstraint {  // PRIMARY KEY (..) | UNIQUE (..)
  bool primary_key = false;
  std::vector<Ident> columns;
};
struct CheckConstraint {
  Expression condition;
};
struct ForeignKeyConstraint {
  std::vector<Ident> columns;
  ObjectName table;
  std::vector<Ident> referenced;
};

struct TableConstraint {
  std::optional<Ident> name;
  std::variant<UniqueConstraint, CheckConstraint, ForeignKeyConstraint> node;
  std::uint32_t position = 0;
};

struct CreateTable {
  ObjectName name;
  bool if_not_exists = false;
  bool temporary = false;
  std::vector<ColumnDefinition> columns;
  std::vector<TableConstraint> constraints;
  std::vector<Option> with;
};

struct AlterTableAddColumn {
  ObjectName name;
  bool if_exists = false;
  bool if_column_not_exists = false;
  ColumnDefinition column;
};

struct CreateView {
  ObjectName name;
  bool if_not_exists = false;
  bool or_replace = false;
  bool temporary = false;
  std::vector<Ident> columns;
  Box<Query> query;
};

struct CreateMaterializedView {
  ObjectName name;
  bool if_not_exists = false;
  bool or_replace = false;
  std::optional<ObjectName> replacement_for;  // CREATE REPLACEMENT .. FOR target
  std::vector<Ident> columns;
  std::optional<ClusterName> in_cluster;
  std::optional<Ident> in_replica;
  std::vector<Option> with;
  Box<Query> query;
  std::optional<AsOf> as_of;  // in stored definitions only
};

struct ApplyReplacement {  // ALTER MATERIALIZED VIEW name APPLY REPLACEMENT replacement
  ObjectName name;
  bool if_exists = false;
  ObjectName replacement;
};

struct CreateIndex {
  std::optional<Ident> name;
  bool if_not_exists = false;
  bool is_default = false;  // CREATE DEFAULT INDEX: no keys
  std::optional<ClusterName> in_cluster;
  ObjectName on;
  std::vector<Expression> keys;
  std::vector<Option> with;
};

struct RecordDefinition {  // (field type, ..)
  std::vector<ColumnDefinition> fields;
};
struct ListDefinition {  // LIST (ELEMENT TYPE = t)
  std::vector<Option> options;
};
struct MapDefinition {  // MAP (KEY TYPE = text, VALUE TYPE = t)
  std::vector<Option> options;
};

struct CreateType {
  ObjectName name;
  std::variant<RecordDefinition, ListDefinition, MapDefinition> definition;
};

}  // namespace tailrace::ast
