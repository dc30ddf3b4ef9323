// Types by name: the grammar's own names for types become the catalog's.
#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>

#include "grammar/builder/builder.hpp"
#include "grammar/parser_base.hpp"
#include "grammar/type_alias.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar::builder {

namespace {

std::vector<std::int64_t> modifiers(P::TypeModifiersContext* tree) {
  std::vector<std::int64_t> out;
  if (!tree) return out;
  for (auto* modifier : tree->typeModifier()) {
    auto* number = modifier->NUMBER()->getSymbol();
    std::int64_t value = 0;
    const std::string digits = (modifier->MINUS() ? "-" : "") + number->getText();
    const char* end = digits.data() + digits.size();
    const auto read = std::from_chars(digits.data(), end, value);
    if (read.ec != std::errc() || read.ptr != end)
      throw_syntax_error(number, "Expected literal integer, found number \"" + digits + "\"");
    out.push_back(value);
  }
  return out;
}

ast::NamedType builtin(std::string_view name, antlr4::Token* at,
                       std::vector<std::int64_t> modifiers = {}) {
  ast::NamedType out{.modifiers = std::move(modifiers)};
  out.name = {.parts = {{std::string(name), position(at)}}, .position = position(at)};
  return out;
}

// float(24) is real, float(25) is double precision.
ast::NamedType float_type(antlr4::Token* at, const std::vector<std::int64_t>& modifiers) {
  if (modifiers.empty()) return builtin("float8", at);
  if (modifiers.size() > 1 || modifiers[0] < 1 || modifiers[0] > 53)
    throw_syntax_error(at, "precision for type float must be within ([1-53])");
  return builtin(modifiers[0] <= 24 ? "float4" : "float8", at);
}

ast::NamedType word_type(P::WordTypeContext& tree) {
  antlr4::Token* at = tree.start;
  auto list = modifiers(tree.typeModifiers());
  switch (first_type(tree)) {
    case P::DOUBLE:
      return builtin("float8", at);
    case P::TIMESTAMP:
      return builtin(tree.WITH() ? "timestamptz" : "timestamp", at, std::move(list));
    case P::TIME:
      if (tree.WITH()) throw_unsupported(at, "TIME WITH TIME ZONE");
      return builtin("time", at, std::move(list));
    default:
      return builtin("varchar", at, std::move(list));
  }
}

// `parts` may be one word that only the grammar knows.
ast::NamedType named_type(ast::ObjectName name, bool is_plain_word, P::TypeModifiersContext* tree) {
  auto list = modifiers(tree);
  if (is_plain_word && name.parts.size() == 1) {
    const std::string& word = name.parts[0].value;
    if ((word == "char" || word == "character") && list.empty()) list = {1};
    if (const auto known = type_alias(word); !known.empty()) name.parts[0].value = known;
  }
  return {.name = std::move(name), .modifiers = std::move(list)};
}

}  // namespace

ast::TypeName type(P::TypeNameContext& tree) {
  P::PlainTypeContext& plain = *tree.plainType();
  const std::uint32_t at = position(tree);
  ast::TypeName out{.position = at};
  if (auto* word = plain.wordType()) {
    out.node = word_type(*word);
  } else if (plain.objectName()) {
    const bool is_plain_word = first_type(plain) != P::QUOTED_IDENTIFIER;
    if (is_plain_word && lower(text(plain)) == "float" && plain.objectName()->children.size() == 1)
      out.node = float_type(plain.start, modifiers(plain.typeModifiers()));
    else
      out.node = named_type(name(*plain.objectName()), is_plain_word, plain.typeModifiers());
  } else {
    out.node = ast::MapType{type(*plain.typeName(0)), type(*plain.typeName(1))};
  }
  if (tree.typeSuffix().size() > nesting_max) throw_nested_too_deep(tree.start);
  // A multi-dimensional array is the same type as a one-dimensional one.
  for (auto* suffix : tree.typeSuffix()) {
    const bool is_list = suffix->LIST() != nullptr;
    if (!is_list && std::holds_alternative<ast::ArrayType>(out.node)) continue;
    ast::TypeName element = std::move(out);
    out = {.position = at};
    if (is_list)
      out.node = ast::ListType{std::move(element)};
    else
      out.node = ast::ArrayType{std::move(element)};
  }
  return out;
}

ast::TypeName type(P::TypedLiteralContext& tree) {
  ast::TypeName out{.position = position(tree)};
  if (auto* word = tree.wordType()) {
    out.node = word_type(*word);
    return out;
  }
  P::FunctionNameContext& words = *tree.functionName();
  ast::ObjectName name{.parts = {ident(words.expressionName())}, .position = position(words)};
  for (auto* part : words.identifier()) name.parts.push_back(ident(part));
  check_parts(name, 3);
  const bool is_plain_word = first_type(words) != P::QUOTED_IDENTIFIER;
  if (is_plain_word && name.parts.size() == 1 && name.parts[0].value == "float")
    out.node = float_type(words.start, modifiers(tree.typeModifiers()));
  else
    out.node = named_type(std::move(name), is_plain_word, tree.typeModifiers());
  return out;
}

}  // namespace tailrace::grammar::builder
