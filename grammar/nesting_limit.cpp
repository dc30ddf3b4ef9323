#include "grammar/nesting_limit.hpp"

#include "TailraceParser.h"
#include "grammar/parser_base.hpp"

namespace tailrace::grammar {

void NestingLimit::next(antlr4::Token* token) {
  using P = generated::TailraceParser;
  const std::size_t signs_before = std::exchange(signs_, 0);
  switch (token->getType()) {
    case P::LEFT_PAREN:
    case P::LEFT_BRACKET:
      ++brackets_;
      nots_ = 0;
      break;
    case P::RIGHT_PAREN:
    case P::RIGHT_BRACKET:
      if (brackets_ > 0) --brackets_;
      nots_ = 0;
      break;
    case P::CASE:
      ++cases_;
      break;
    case P::END:
      if (cases_ > 0) --cases_;
      break;
    case P::NOT:
      ++nots_;
      break;
    case P::PLUS:
    case P::MINUS:
    case P::OPERATOR_SYMBOL:
      signs_ = signs_before + 1;
      break;
    case P::AND:
    case P::OR:
    case P::COMMA:
    case P::WHEN:
    case P::THEN:
    case P::ELSE:
    case P::SELECT:
    case P::FROM:
    case P::WHERE:
      nots_ = 0;
      break;
    case P::SEMICOLON:
      brackets_ = cases_ = nots_ = 0;
      break;
    default:
      break;
  }
  if (brackets_ + cases_ > nesting_max || nots_ > nesting_max || signs_ > nesting_max)
    throw_nested_too_deep(token);
}

}  // namespace tailrace::grammar
