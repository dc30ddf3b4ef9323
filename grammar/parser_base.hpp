// What the generated lexer and parser inherit. Private to grammar/: it includes the ANTLR runtime.
#pragma once

#include <antlr4-runtime.h>

#include <cstdint>
#include <optional>

namespace tailrace::grammar {

// Nesting has this limit, as the reference says. (Checked on the tokens, before parsing: nesting_limit.hpp.)
inline constexpr std::size_t nesting_max = 128;
// Expressions within expressions, with brackets or without (`NOT a = NOT b = ..`): what protects
// the stack, ours and the binder's. One bracket takes up to five of these levels, hence more than
// nesting_max.
inline constexpr std::size_t expression_levels_max = 6 * nesting_max;

[[noreturn]] void throw_nested_too_deep(antlr4::Token* at);

class LexerBase : public antlr4::Lexer {
 public:
  explicit LexerBase(antlr4::CharStream* input) : antlr4::Lexer(input) {}

  // Where (in characters from 0) the comment starts that the end of the text found open.
  std::optional<std::size_t> open_comment() const {
    return modeStack.empty() ? std::nullopt : std::optional(comment_start_);
  }
  // As open_comment, for a dollar-quoted string.
  std::optional<std::size_t> open_dollar_string() const { return open_dollar_string_; }

  void pushMode(std::size_t mode) override {
    if (modeStack.empty()) comment_start_ = tokenStartCharIndex;
    antlr4::Lexer::pushMode(mode);
  }

 protected:
  // Called when the opening tag of a dollar-quoted string has been matched: reads on, past the same
  // tag.
  void read_to_closing_tag();

 private:
  std::size_t comment_start_ = 0;
  std::optional<std::size_t> open_dollar_string_;
};

class ParserBase : public antlr4::Parser {
 public:
  explicit ParserBase(antlr4::TokenStream* input) : antlr4::Parser(input) {}

  void reset_levels() { levels_ = 0; }

 protected:
  void enter_level() {
    if (++levels_ > expression_levels_max) throw_nested_too_deep(getCurrentToken());
  }
  void leave_level() { --levels_; }

 private:
  std::size_t levels_ = 0;
};

}  // namespace tailrace::grammar
