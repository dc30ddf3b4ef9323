// SQL text in, syntax trees out.
//
//   * Throws SqlError: 42601 with a position and a message that says what was expected and found;
//     0A000 for what the dialect knows and we do not; 54001 for more than 128 nested levels;
//     54000 for statements too long. A statement is whole or not at all.
//   * Positions count characters (not bytes) of `sql`, from 1. `sql` must be valid UTF-8 (else
//   22021).
//   * Safe to call from any thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast/expression.hpp"
#include "grammar/ast/statement.hpp"
#include "grammar/ast/type_name.hpp"

namespace tailrace::grammar {

struct ParsedStatement {
  ast::Statement statement;
  std::string text;  // the source, without the semicolon and the blanks and comments around it
};

// All statements of a text; empty ones (`;;`) are left out, so the result may be empty.
std::vector<ParsedStatement> parse_statements(std::string_view sql);
// Exactly one statement; a semicolon after it is fine.
ast::Statement parse_statement(std::string_view sql);
ast::Expression parse_expression(std::string_view sql);
ast::TypeName parse_type(std::string_view sql);
ast::ObjectName parse_name(std::string_view sql);

}  // namespace tailrace::grammar
