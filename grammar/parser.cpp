// Drives the generated lexer and parser: a fast attempt, then a thorough one, then the builder.
#include "grammar/parser.hpp"

#include <antlr4-runtime.h>

#include <memory>

#include "TailraceLexer.h"
#include "TailraceParser.h"
#include "grammar/builder/builder.hpp"
#include "grammar/character_stream.hpp"
#include "grammar/nesting_limit.hpp"
#include "grammar/syntax_error.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar {

namespace {

using P = generated::TailraceParser;

// The reference's limit of about a megabyte: a parse tree is a few hundred times its text.
constexpr std::size_t text_bytes_max = 1'000'000;

// One text on its way through lexer and parser. Trees live as long as this does.
class Parse {
 public:
  explicit Parse(std::string_view sql)
      : characters_(checked(sql)), lexer_(&characters_), tokens_(&lexer_), parser_(&tokens_) {
    lexer_.removeErrorListeners();
    parser_.removeErrorListeners();
    tokens_.fill();
    check_tokens();
  }

  // SLL prediction is several times faster and fails only where the text is wrong, or (rarely)
  // where a decision needs to know what called it; full LL then says which.
  template <class Rule>
  auto& run(Rule rule) {
    using enum antlr4::atn::PredictionMode;
    parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(SLL);
    parser_.setErrorHandler(std::make_shared<FirstError>(/*quiet=*/true));
    try {
      return *(parser_.*rule)();
    } catch (const ParseCancelled&) {
      tokens_.seek(0);
      parser_.reset();
      parser_.reset_levels();
      parser_.getInterpreter<antlr4::atn::ParserATNSimulator>()->setPredictionMode(LL);
      parser_.setErrorHandler(std::make_shared<FirstError>(/*quiet=*/false));
      return *(parser_.*rule)();
    }
  }

  std::string text(const antlr4::ParserRuleContext& tree) const {
    return characters_.text(tree.start->getStartIndex(), tree.stop->getStopIndex());
  }

 private:
  static std::string_view checked(std::string_view sql) {
    if (sql.size() > text_bytes_max)
      throw SqlError(sqlstate::program_limit_exceeded, "statement batch size cannot exceed 1MB");
    return sql;
  }

  [[noreturn]] void fail(std::size_t at, std::string message) const {
    throw SqlError(sqlstate::syntax_error, std::move(message))
        .position(static_cast<std::uint32_t>(at + 1));
  }

  // Words that are none, and nesting too deep: ANTLR may look ahead through any of it, before a rule is
  // entered and can count.
  void check_tokens() const {
    NestingLimit nesting;
    for (antlr4::Token* token : tokens_.getTokens()) {
      nesting.next(token);
      switch (token->getType()) {
        case P::UNTERMINATED_STRING:
          fail(token->getStartIndex(), "unterminated quoted string");
        case P::UNTERMINATED_IDENTIFIER:
          fail(token->getStartIndex(), "unterminated quoted identifier");
        case P::BAD_EXPONENT:
          fail(token->getStartIndex(), "missing required exponent");
        case P::UNKNOWN_CHARACTER:
          fail(token->getStartIndex(), "unexpected character in input: " + token->getText());
        default:
          break;
      }
    }
    if (const auto start = lexer_.open_comment()) fail(*start, "unterminated multiline comment");
    if (const auto start = lexer_.open_dollar_string())
      fail(*start, "unterminated dollar-quoted string");
  }

  CharacterStream characters_;
  generated::TailraceLexer lexer_;
  mutable antlr4::CommonTokenStream tokens_;
  P parser_;
};

}  // namespace

std::vector<ParsedStatement> parse_statements(std::string_view sql) {
  Parse parse(sql);
  auto& tree = parse.run(&P::statements);
  std::vector<ParsedStatement> out;
  for (auto* statement : tree.statement())
    out.push_back({builder::statement(*statement), parse.text(*statement)});
  return out;
}

ast::Statement parse_statement(std::string_view sql) {
  auto list = parse_statements(sql);
  if (list.size() != 1)
    throw SqlError(sqlstate::syntax_error,
                   "Expected one statement, found " + std::to_string(list.size()));
  return std::move(list.front().statement);
}

ast::Expression parse_expression(std::string_view sql) {
  Parse parse(sql);
  return builder::expression(*parse.run(&P::onlyExpression).expression());
}

ast::TypeName parse_type(std::string_view sql) {
  Parse parse(sql);
  return builder::type(*parse.run(&P::onlyType).typeName());
}

ast::ObjectName parse_name(std::string_view sql) {
  Parse parse(sql);
  return builder::name(*parse.run(&P::onlyName).objectName());
}

}  // namespace tailrace::grammar
