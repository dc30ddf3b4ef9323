#include "catalog/builtin/sql_text.hpp"

#include "grammar/parser.hpp"
#include "grammar/printer.hpp"

namespace tailrace::catalog {

Value create_sql(const Item& item) {
  return item.create_sql.empty() ? Value(Null{}) : text(item.create_sql);
}

Value redacted_create_sql(const Item& item) {
  if (item.create_sql.empty()) return Null{};
  // Made by no statement of the grammar, and without literals.
  if (item.create_sql.starts_with("CREATE SUBSOURCE ")) return text(item.create_sql);
  return text(grammar::print(grammar::parse_statement(item.create_sql), {.redacted = true}));
}

Value definition(const ast::Query& query) {
  return text(grammar::print(query) + ";");
}

Value expression_text(const ast::Expression& expression) {
  return text(grammar::print(expression));
}

std::optional<std::string> plain_column(const ast::Expression& expression) {
  const auto* column = std::get_if<ast::ColumnName>(&expression.node);
  if (column == nullptr) return std::nullopt;
  return column->parts.back().value;
}

}  // namespace tailrace::catalog
