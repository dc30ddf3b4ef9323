// Syntax trees back to SQL, normalised: keywords in upper case, one blank between words, options as
// NAME = value, identifiers quoted only where they must be. Deterministic, and parsing the result
// gives the same tree.
#pragma once

#include <string>
#include <string_view>

#include "grammar/ast/statement.hpp"

namespace tailrace::grammar {

struct PrintOptions {
  bool redacted = false;  // literals become '<REDACTED>'; such text is for reading, not for parsing
  bool without_ids = false;  // `[u12 AS shop.orders]` prints as shop.orders
};

std::string print(const ast::Statement& statement, PrintOptions options = {});
std::string print(const ast::Query& query, PrintOptions options = {});
std::string print(const ast::Expression& expression, PrintOptions options = {});
std::string print(const ast::TypeName& type, PrintOptions options = {});
std::string print(const ast::ObjectName& name);
std::string print(const ast::Ident& ident);
std::string print(const ast::Option& option, PrintOptions options = {});

// An identifier as SQL writes it: `orders`, `"Order"`, `"select"`.
std::string quoted_identifier(std::string_view identifier);
// A string literal: 'it''s'.
std::string quoted_literal(std::string_view text);

}  // namespace tailrace::grammar
