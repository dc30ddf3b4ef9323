#include "grammar/builder/tree.hpp"

#include <charconv>

#include "repr/error.hpp"

namespace tailrace::grammar::builder {

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c += 'a' - 'A';
  return text;
}

std::string upper(std::string text) {
  for (char& c : text)
    if (c >= 'a' && c <= 'z') c -= 'a' - 'A';
  return text;
}

void throw_syntax_error(antlr4::Token* at, std::string message) {
  throw SqlError(sqlstate::syntax_error, std::move(message)).position(position(at));
}

void throw_unsupported(antlr4::Token* at, std::string feature) {
  throw unsupported(feature).position(position(at));
}

std::uint64_t unsigned_number(antlr4::Token* token) {
  const std::string digits = token->getText();
  std::uint64_t value = 0;
  const char* end = digits.data() + digits.size();
  const auto read = std::from_chars(digits.data(), end, value);
  if (read.ec != std::errc() || read.ptr != end)
    throw_syntax_error(token, "Expected literal unsigned integer, found number \"" + digits + "\"");
  return value;
}

}  // namespace tailrace::grammar::builder
