// What stands between quotes, and other literals.
#include <charconv>

#include "grammar/builder/builder.hpp"
#include "grammar/character_stream.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar::builder {

namespace {

// Calls `take(body)` with the part between the quotes of each string that a line break joins.
template <class Take>
void each_quoted_part(std::string_view text, bool has_escapes, Take take) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\'') continue;
    const std::size_t start = ++i;
    while (!(text[i] == '\'' && (i + 1 == text.size() || text[i + 1] != '\''))) {
      i += text[i] == '\'' || (has_escapes && text[i] == '\\') ? 2 : 1;
    }
    take(text.substr(start, i - start));
  }
}

char32_t code_point(antlr4::Token* token, std::string_view body, std::size_t& i,
                    std::size_t digits) {
  std::uint32_t value = 0;
  const char* first = body.data() + std::min(i + 1, body.size());
  const char* last = body.data() + std::min(i + 1 + digits, body.size());
  const auto read = std::from_chars(first, last, value, 16);
  if (read.ptr != first + digits || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF))
    throw_syntax_error(token, "invalid unicode escape");
  if (value == 0) throw_syntax_error(token, "null character in string literal");
  i += digits;
  return value;
}

void append_escaped(antlr4::Token* token, std::string_view body, std::string& out) {
  for (std::size_t i = 0; i < body.size(); ++i) {
    if (body[i] == '\'') {
      out += body[i++];  // doubled
      continue;
    }
    if (body[i] != '\\') {
      out += body[i];
      continue;
    }
    const char c = body[++i];
    if (c >= '0' && c <= '7') throw_syntax_error(token, "octal escapes are not supported");
    switch (c) {
      case 'x':
        throw_syntax_error(token, "hexadecimal escapes are not supported");
      case 'b':
        out += '\b';
        break;
      case 'f':
        out += '\f';
        break;
      case 'n':
        out += '\n';
        break;
      case 'r':
        out += '\r';
        break;
      case 't':
        out += '\t';
        break;
      case 'u':
        append_utf8(out, code_point(token, body, i, 4));
        break;
      case 'U':
        append_utf8(out, code_point(token, body, i, 8));
        break;
      default:
        out += c;
    }
  }
}

std::string plain(std::string_view text) {
  std::string out;
  each_quoted_part(text, false, [&](std::string_view body) {
    for (std::size_t i = 0; i < body.size(); ++i) {
      out += body[i];
      if (body[i] == '\'') ++i;  // doubled
    }
  });
  return out;
}

ast::IntervalUnit unit(P::IntervalUnitContext& tree) {
  switch (first_type(tree)) {
    case P::YEAR:
    case P::YEARS:
      return ast::IntervalUnit::year;
    case P::MONTH:
    case P::MONTHS:
      return ast::IntervalUnit::month;
    case P::DAY:
    case P::DAYS:
      return ast::IntervalUnit::day;
    case P::HOUR:
    case P::HOURS:
      return ast::IntervalUnit::hour;
    case P::MINUTE:
    case P::MINUTES:
      return ast::IntervalUnit::minute;
    default:
      return ast::IntervalUnit::second;
  }
}

}  // namespace

std::string string_value(P::StringLiteralContext& tree) {
  antlr4::Token* token = tree.start;
  const std::string text = token->getText();
  if (token->getType() == P::STRING) return plain(text);
  if (token->getType() == P::DOLLAR_STRING) {
    const std::size_t tag = text.find('$', 1) + 1;
    return text.substr(tag, text.size() - 2 * tag);
  }
  std::string out;
  each_quoted_part(text, true, [&](std::string_view body) { append_escaped(token, body, out); });
  return out;
}

ast::Expression literal(P::LiteralContext& tree) {
  const std::uint32_t at = position(tree);
  switch (first_type(tree)) {
    case P::NUMBER:
      return {ast::NumberLiteral{lower(text(tree))}, at};
    case P::TRUE_:
      return {ast::BooleanLiteral{true}, at};
    case P::FALSE_:
      return {ast::BooleanLiteral{false}, at};
    case P::NULL_:
      return {ast::NullLiteral{}, at};
    case P::HEX_STRING:
      return {ast::HexLiteral{plain(text(tree))}, at};
    case P::PARAMETER: {
      std::uint32_t number = 0;
      const std::string digits = text(tree).substr(1);
      std::from_chars(digits.data(), digits.data() + digits.size(), number);
      if (number == 0 || number > 65535) throw_syntax_error(tree.start, "invalid parameter number");
      return {ast::Parameter{number}, at};
    }
    default:
      return {ast::StringLiteral{string_value(*tree.stringLiteral())}, at};
  }
}

ast::Expression literal(P::SignedLiteralContext& tree) {
  if (tree.literal()) return literal(*tree.literal());
  return {ast::NumberLiteral{"-" + lower(tree.NUMBER()->getText())}, position(tree)};
}

ast::IntervalLiteral interval(P::IntervalLiteralContext& tree) {
  ast::IntervalLiteral out{.text = string_value(*tree.stringLiteral())};
  auto* qualifier = tree.intervalQualifier();
  if (!qualifier) return out;
  auto units = qualifier->intervalUnit();
  if (units.size() == 2) out.head = unit(*units[0]);
  out.tail = unit(*units.back());
  if (auto* precision = qualifier->NUMBER()) {
    if (out.tail != ast::IntervalUnit::second)
      throw_syntax_error(precision->getSymbol(), "precision is only allowed after SECOND");
    out.precision = static_cast<std::uint32_t>(unsigned_number(precision->getSymbol()));
  }
  return out;
}

}  // namespace tailrace::grammar::builder
