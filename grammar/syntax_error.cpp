#include "grammar/syntax_error.hpp"

#include <set>
#include <string_view>
#include <vector>

#include "TailraceParser.h"
#include "repr/error.hpp"

namespace tailrace::grammar {

namespace {

using P = generated::TailraceParser;
using TokenTypes = std::set<std::size_t>;

// More than this many possibilities help nobody.
constexpr std::size_t possibilities_max = 8;

bool is_keyword(std::size_t type) {
  return type >= P::ABORT && type <= P::ZONE;
}

std::string_view punctuation(std::size_t type) {
  switch (type) {
    case P::SEMICOLON:
      return "semicolon";
    case P::COMMA:
      return "comma";
    case P::DOT:
      return "dot";
    case P::LEFT_PAREN:
      return "left parenthesis";
    case P::RIGHT_PAREN:
      return "right parenthesis";
    case P::LEFT_BRACKET:
      return "left square bracket";
    case P::RIGHT_BRACKET:
      return "right square bracket";
    case P::DOUBLE_COLON:
      return "double colon";
    case P::COLON:
      return "colon";
    case P::ARROW:
      return "arrow";
    case P::EQUAL:
      return "equals sign";
    case P::STAR:
      return "star";
    default:
      return {};
  }
}

std::string keyword(antlr4::Parser& parser, std::size_t type) {
  const std::string quoted = parser.getVocabulary().getLiteralName(type);
  return quoted.size() > 2 ? quoted.substr(1, quoted.size() - 2) : quoted;
}

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

bool has(const TokenTypes& set, std::initializer_list<std::size_t> types) {
  for (std::size_t type : types)
    if (!set.count(type)) return false;
  return true;
}

void add(TokenTypes& set, const antlr4::misc::IntervalSet& more) {
  for (ssize_t type : more.toList())
    if (type > 0 || type == static_cast<ssize_t>(antlr4::Token::EOF))
      set.insert(static_cast<std::size_t>(type));
}

// What could have stood where `error` is.
TokenTypes expected_tokens(antlr4::Parser& parser, const antlr4::RecognitionException* error) {
  TokenTypes out;
  auto no_alternative = dynamic_cast<const antlr4::NoViableAltException*>(error);
  const antlr4::atn::ATNConfigSet* dead_ends =
      no_alternative ? no_alternative->getDeadEndConfigs() : nullptr;
  if (!dead_ends) {
    add(out, parser.getExpectedTokens());
    return out;
  }
  for (const auto& config : dead_ends->configs)
    for (const antlr4::atn::Transition* transition : config->state->transitions)
      if (!transition->isEpsilon()) add(out, transition->label());
  return out;
}

std::vector<std::string> possibilities(antlr4::Parser& parser, TokenTypes set) {
  std::vector<std::string> out;
  if (has(set, {P::SELECT, P::CREATE, P::SHOW}))
    return {"a keyword at the beginning of a statement"};
  const bool may_end = set.count(antlr4::Token::EOF) || set.count(P::SEMICOLON);
  if (may_end && set.size() > possibilities_max) return {"end of statement"};
  if (has(set, {P::NUMBER, P::STRING, P::CASE, P::NOT})) {
    out.push_back("an expression");
    return out;
  }
  // After a whole expression: operators could follow, but what is missing is the end.
  if (has(set, {P::PLUS, P::EQUAL, P::AND})) {
    for (auto it = set.begin(); it != set.end();)
      it = *it == P::COMMA || *it == P::RIGHT_PAREN || *it == P::RIGHT_BRACKET ? std::next(it)
                                                                               : set.erase(it);
  }
  if (set.count(P::IDENTIFIER)) {
    out.push_back("identifier");
    for (auto it = set.begin(); it != set.end();)
      it = is_keyword(*it) || *it == P::IDENTIFIER || *it == P::QUOTED_IDENTIFIER ? set.erase(it)
                                                                                  : ++it;
  }
  if (has(set, {P::STRING, P::ESCAPE_STRING, P::DOLLAR_STRING})) {
    out.push_back("literal string");
    for (std::size_t type : {P::STRING, P::ESCAPE_STRING, P::DOLLAR_STRING}) set.erase(type);
  }
  if (may_end) out.push_back("end of statement");
  for (std::size_t type : set) {
    if (type == antlr4::Token::EOF || type == P::SEMICOLON) continue;
    if (type == P::NUMBER)
      out.push_back("literal number");
    else if (is_keyword(type))
      out.push_back(keyword(parser, type));
    else if (const auto name = punctuation(type); !name.empty())
      out.push_back(std::string(name));
  }
  return out;
}

std::string message(antlr4::Parser& parser, TokenTypes expected, antlr4::Token& found) {
  std::vector<std::string> list = possibilities(parser, std::move(expected));
  if (list.empty() || list.size() > possibilities_max) return "unexpected " + describe(found);
  if (list.front() == "an expression" && is_keyword(found.getType()))
    return "expected expression, but found reserved keyword: " + upper(found.getText());
  std::string out = list.size() > 1 ? "Expected one of " : "Expected ";
  for (std::size_t i = 0; i < list.size(); ++i) out += (i ? " or " : "") + list[i];
  return out + ", found " + describe(found);
}

[[noreturn]] void throw_error(antlr4::Parser& parser, const antlr4::RecognitionException* error) {
  antlr4::Token* found = error ? error->getOffendingToken() : parser.getCurrentToken();
  const auto index = found->getTokenIndex();
  const bool at_start =
      index == 0 || parser.getTokenStream()->get(index - 1)->getType() == P::SEMICOLON;
  if (at_start && parser.getRuleContext()->getRuleIndex() == P::RuleStatements)
    throw SqlError(sqlstate::syntax_error,
                   "Expected a keyword at the beginning of a statement, found " + describe(*found))
        .position(static_cast<std::uint32_t>(found->getStartIndex() + 1));
  throw SqlError(sqlstate::syntax_error, message(parser, expected_tokens(parser, error), *found))
      .position(static_cast<std::uint32_t>(found->getStartIndex() + 1));
}

}  // namespace

namespace {

// Whether what stands at the token may be a secret value or a password: then no message repeats it.
bool may_be_secret(antlr4::Token& token) {
  if (token.getStartIndex() == 0) return false;
  const std::string before = upper(token.getInputStream()->getText(
      antlr4::misc::Interval(std::size_t{0}, token.getStartIndex() - 1)));
  return before.find("SECRET") != std::string::npos || before.find("PASSWORD") != std::string::npos;
}

}  // namespace

std::string describe(antlr4::Token& token) {
  const std::size_t type = token.getType();
  if (type == antlr4::Token::EOF) return "EOF";
  if (is_keyword(type)) return upper(token.getText());
  const std::string text = may_be_secret(token) ? "<REDACTED>" : token.getText();
  switch (type) {
    case P::IDENTIFIER:
      return "identifier \"" + (text == "<REDACTED>" ? text : lower(text)) + "\"";
    case P::QUOTED_IDENTIFIER:
      return "identifier " + text;
    case P::NUMBER:
      return "number \"" + text + "\"";
    case P::STRING:
    case P::ESCAPE_STRING:
    case P::DOLLAR_STRING:
    case P::HEX_STRING:
      return "string literal " + text;
    case P::PARAMETER:
      return "parameter \"" + text + "\"";
    default:
      break;
  }
  if (const auto name = punctuation(type); !name.empty()) return std::string(name);
  return "operator \"" + text + "\"";
}

void FirstError::reportError(antlr4::Parser* parser, const antlr4::RecognitionException& error) {
  if (quiet_) throw ParseCancelled();
  throw_error(*parser, &error);
}

antlr4::Token* FirstError::recoverInline(antlr4::Parser* parser) {
  if (quiet_) throw ParseCancelled();
  throw_error(*parser, nullptr);
}

void FirstError::recover(antlr4::Parser*, std::exception_ptr) {
  throw ParseCancelled();
}

}  // namespace tailrace::grammar
