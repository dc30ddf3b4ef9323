// Walking ANTLR's parse tree. Private to grammar/builder/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "TailraceParser.h"

namespace tailrace::grammar::builder {

using P = generated::TailraceParser;
using Node = antlr4::tree::ParseTree;

// The type of a child that is a token; 0 for any other.
inline std::size_t token_type(Node* child) {
  auto terminal = dynamic_cast<antlr4::tree::TerminalNode*>(child);
  return terminal ? terminal->getSymbol()->getType() : 0;
}
inline bool is(Node* child, std::size_t type) {
  return token_type(child) == type;
}
// Whether one of the direct children is this token.
inline bool has(antlr4::ParserRuleContext& tree, std::size_t type) {
  for (Node* child : tree.children)
    if (is(child, type)) return true;
  return false;
}
template <class Context>
Context* as(Node* child) {
  return dynamic_cast<Context*>(child);
}

inline std::uint32_t position(antlr4::Token* token) {
  return static_cast<std::uint32_t>(token->getStartIndex() + 1);
}
inline std::uint32_t position(antlr4::ParserRuleContext& tree) {
  return position(tree.start);
}
inline std::string text(antlr4::ParserRuleContext& tree) {
  return tree.start->getText();
}
inline std::size_t first_type(antlr4::ParserRuleContext& tree) {
  return tree.start->getType();
}

// ASCII only: other letters keep their case, as the reference says.
std::string lower(std::string text);
std::string upper(std::string text);

// 42601 at a place the grammar accepts and the language does not.
[[noreturn]] void throw_syntax_error(antlr4::Token* at, std::string message);
[[noreturn]] void throw_unsupported(antlr4::Token* at, std::string feature);
// A whole number that fits, or 42601.
std::uint64_t unsigned_number(antlr4::Token* token);

}  // namespace tailrace::grammar::builder
