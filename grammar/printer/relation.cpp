// Tables, views, materialized views, indexes, types.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

std::string_view if_not_exists(bool is) {
  return is ? "IF NOT EXISTS " : "";
}

void write_condition(Writer& w, std::string_view word, const ast::Expression& condition) {
  w << word << "(";
  write(w, condition);
  w << ")";
}

struct ColumnOptionVisitor {
  Writer& w;

  void operator()(const ast::ColumnNotNull&) { w << "NOT NULL"; }
  void operator()(const ast::ColumnNull&) { w << "NULL"; }
  void operator()(const ast::ColumnDefault& o) {
    w << "DEFAULT ";
    write(w, o.value);
  }
  void operator()(const ast::ColumnUnique& o) { w << (o.primary_key ? "PRIMARY KEY" : "UNIQUE"); }
  void operator()(const ast::ColumnCheck& o) { write_condition(w, "CHECK ", o.condition); }
  void operator()(const ast::ColumnReferences& o) {
    w << "REFERENCES ";
    write(w, o.table);
    write_columns(w, o.columns);
  }
  void operator()(const ast::ColumnVersionAdded& o) { w << "VERSION ADDED " << o.version; }
};

struct ConstraintVisitor {
  Writer& w;

  void operator()(const ast::UniqueConstraint& c) {
    w << (c.primary_key ? "PRIMARY KEY" : "UNIQUE");
    write_columns(w, c.columns);
  }
  void operator()(const ast::CheckConstraint& c) { write_condition(w, "CHECK ", c.condition); }
  void operator()(const ast::ForeignKeyConstraint& c) {
    w << "FOREIGN KEY";
    write_columns(w, c.columns);
    w << " REFERENCES ";
    write(w, c.table);
    write_columns(w, c.referenced);
  }
};

void write_constraint_name(Writer& w, const std::optional<ast::Ident>& name) {
  if (!name) return;
  w << "CONSTRAINT ";
  write(w, *name);
  w << " ";
}

void write_cluster(Writer& w, const std::optional<ast::ClusterName>& cluster) {
  if (!cluster) return;
  w << " IN CLUSTER ";
  write(w, *cluster);
}

}  // namespace

void write(Writer& w, const ast::ColumnDefinition& column) {
  write(w, column.name);
  w << " ";
  write(w, column.type);
  if (column.collation) {
    w << " COLLATE ";
    write(w, *column.collation);
  }
  for (const ast::ColumnOption& option : column.options) {
    w << " ";
    write_constraint_name(w, option.constraint);
    std::visit(ColumnOptionVisitor{w}, option.node);
  }
}

void write(Writer& w, const ast::CreateTable& s) {
  w << (s.temporary ? "CREATE TEMPORARY TABLE " : "CREATE TABLE ")
    << if_not_exists(s.if_not_exists);
  write(w, s.name);
  w << " (";
  write_list(w, s.columns);
  bool first = s.columns.empty();
  for (const ast::TableConstraint& constraint : s.constraints) {
    if (!first) w << ", ";
    first = false;
    write_constraint_name(w, constraint.name);
    std::visit(ConstraintVisitor{w}, constraint.node);
  }
  w << ")";
  write_with(w, s.with);
}

void write(Writer& w, const ast::AlterTableAddColumn& s) {
  w << "ALTER TABLE " << (s.if_exists ? "IF EXISTS " : "");
  write(w, s.name);
  w << " ADD COLUMN " << if_not_exists(s.if_column_not_exists);
  write(w, s.column);
}

void write(Writer& w, const ast::CreateView& s) {
  w << "CREATE " << (s.or_replace ? "OR REPLACE " : "")
    << (s.temporary ? "TEMPORARY VIEW " : "VIEW ") << if_not_exists(s.if_not_exists);
  write(w, s.name);
  write_columns(w, s.columns);
  w << " AS ";
  write(w, *s.query);
}

void write(Writer& w, const ast::CreateMaterializedView& s) {
  w << "CREATE " << (s.or_replace ? "OR REPLACE " : "") << (s.replacement_for ? "REPLACEMENT " : "")
    << "MATERIALIZED VIEW " << if_not_exists(s.if_not_exists);
  write(w, s.name);
  write_columns(w, s.columns);
  if (s.replacement_for) {
    w << " FOR ";
    write(w, *s.replacement_for);
  }
  write_cluster(w, s.in_cluster);
  if (s.in_replica) {
    w << (s.in_cluster ? " REPLICA " : " IN REPLICA ");
    write(w, *s.in_replica);
  }
  write_with(w, s.with);
  w << " AS ";
  write(w, *s.query);
  if (s.as_of) write(w, *s.as_of);
}

void write(Writer& w, const ast::ApplyReplacement& s) {
  w << "ALTER MATERIALIZED VIEW " << (s.if_exists ? "IF EXISTS " : "");
  write(w, s.name);
  w << " APPLY REPLACEMENT ";
  write(w, s.replacement);
}

void write(Writer& w, const ast::CreateIndex& s) {
  w << (s.is_default ? "CREATE DEFAULT INDEX" : "CREATE INDEX")
    << (s.if_not_exists ? " IF NOT EXISTS" : "");
  if (s.name) {
    w << " ";
    write(w, *s.name);
  }
  write_cluster(w, s.in_cluster);
  w << " ON ";
  write(w, s.on);
  if (!s.is_default) {
    w << " ";
    write_parenthesized(w, s.keys);
  }
  write_with(w, s.with);
}

void write(Writer& w, const ast::CreateType& s) {
  w << "CREATE TYPE ";
  write(w, s.name);
  if (auto* record = std::get_if<ast::RecordDefinition>(&s.definition)) {
    w << " AS ";
    write_parenthesized(w, record->fields);
  } else if (auto* list = std::get_if<ast::ListDefinition>(&s.definition)) {
    w << " AS LIST";
    write_options(w, list->options);
  } else {
    w << " AS MAP";
    write_options(w, std::get<ast::MapDefinition>(s.definition).options);
  }
}

}  // namespace tailrace::grammar::printer
