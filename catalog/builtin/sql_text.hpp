// SQL text of objects as catalog columns show it.
#pragma once

#include <optional>
#include <string>

#include "catalog/builtin/relation.hpp"

namespace tailrace::catalog {

// NULL for builtin tables, which no statement made.
Value create_sql(const Item& item);
// Every literal replaced by '<REDACTED>'.
Value redacted_create_sql(const Item& item);
// The query alone, with a semicolon.
Value definition(const ast::Query& query);
Value expression_text(const ast::Expression& expression);
// The column that the expression is, if it is nothing but a column.
std::optional<std::string> plain_column(const ast::Expression& expression);

}  // namespace tailrace::catalog
