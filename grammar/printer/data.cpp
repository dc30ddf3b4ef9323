// Reading and writing rows.
#include "grammar/printer/writer.hpp"

namespace tailrace::grammar::printer {

namespace {

void write_alias(Writer& w, const std::optional<ast::Ident>& alias) {
  if (!alias) return;
  w << " AS ";
  write(w, *alias);
}

void write_where(Writer& w, const std::optional<ast::Expression>& where) {
  if (!where) return;
  w << " WHERE ";
  write(w, *where);
}

void write(Writer& w, const ast::CopyRelation& relation) {
  printer::write(w, relation.name);
  write_columns(w, relation.columns);
}

void write_copy_options(Writer& w, const std::vector<ast::Option>& options) {
  if (options.empty()) return;
  w << " WITH";
  write_options(w, options);
}

void write_output(Writer& w, const decltype(ast::Subscribe::output)& output) {
  if (auto* upsert = std::get_if<ast::EnvelopeUpsert>(&output)) {
    w << " ENVELOPE UPSERT (KEY ";
    write_parenthesized(w, upsert->keys);
    w << ")";
  } else if (auto* debezium = std::get_if<ast::EnvelopeDebezium>(&output)) {
    w << " ENVELOPE DEBEZIUM (KEY ";
    write_parenthesized(w, debezium->keys);
    w << ")";
  } else if (auto* within = std::get_if<ast::WithinTimestampOrderBy>(&output)) {
    w << " WITHIN TIMESTAMP";
    write_order_by(w, within->items);
  }
}

}  // namespace

void write(Writer& w, const ast::SelectStatement& s) {
  write(w, s.query);
  if (s.as_of) write(w, *s.as_of);
}

void write(Writer& w, const ast::Subscribe& s) {
  w << "SUBSCRIBE ";
  if (auto* name = std::get_if<ast::ObjectName>(&s.relation)) {
    write(w, *name);
  } else {
    w << "(";
    write(w, *std::get<ast::Box<ast::Query>>(s.relation));
    w << ")";
  }
  write_output(w, s.output);
  write_with(w, s.with);
  if (s.as_of) write(w, *s.as_of);
  if (!s.up_to) return;
  w << " UP TO ";
  write(w, *s.up_to);
}

void write(Writer& w, const ast::Insert& s) {
  w << "INSERT INTO ";
  write(w, s.table);
  write_alias(w, s.alias);
  write_columns(w, s.columns);
  w << " ";
  if (auto* query = std::get_if<ast::Query>(&s.source))
    write(w, *query);
  else
    w << "DEFAULT VALUES";
  if (s.returning.empty()) return;
  w << " RETURNING ";
  write_list(w, s.returning);
}

void write(Writer& w, const ast::Update& s) {
  w << "UPDATE ";
  write(w, s.table);
  write_alias(w, s.alias);
  for (std::size_t i = 0; i < s.assignments.size(); ++i) {
    w << (i > 0 ? ", " : " SET ");
    write(w, s.assignments[i].column);
    w << " = ";
    write(w, s.assignments[i].value);
  }
  write_where(w, s.where);
}

void write(Writer& w, const ast::Delete& s) {
  w << "DELETE FROM ";
  write(w, s.table);
  write_alias(w, s.alias);
  if (!s.using_.empty()) {
    w << " USING ";
    write_list(w, s.using_);
  }
  write_where(w, s.where);
}

void write(Writer& w, const ast::CopyTo& s) {
  w << "COPY ";
  if (auto* relation = std::get_if<ast::CopyRelation>(&s.source)) {
    write(w, *relation);
  } else {
    w << "(";
    if (auto* subscribe = std::get_if<ast::Subscribe>(&s.source))
      write(w, *subscribe);
    else
      write(w, std::get<ast::SelectStatement>(s.source));
    w << ")";
  }
  w << " TO ";
  if (s.url)
    write(w, *s.url);
  else
    w << "STDOUT";
  write_copy_options(w, s.options);
}

void write(Writer& w, const ast::CopyFrom& s) {
  w << "COPY ";
  write(w, s.target);
  w << " FROM ";
  if (s.url)
    write(w, *s.url);
  else
    w << "STDIN";
  write_copy_options(w, s.options);
}

}  // namespace tailrace::grammar::printer
