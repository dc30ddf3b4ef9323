// Identifiers and names.
#include "grammar/builder/builder.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar::builder {

namespace {

constexpr std::size_t identifier_bytes_max = 255;

std::string unquoted(const std::string& text) {
  std::string out;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    out += text[i];
    if (text[i] == '"') ++i;  // doubled
  }
  return out;
}

}  // namespace

ast::Ident ident(antlr4::Token* token) {
  const bool quoted = token->getType() == P::QUOTED_IDENTIFIER;
  std::string value = quoted ? unquoted(token->getText()) : lower(token->getText());
  if (value.empty()) throw_syntax_error(token, "zero-length delimited identifier");
  if (value == "." || value == "..")
    throw_syntax_error(token, "\"" + value + "\" is not a valid identifier");
  if (value.size() > identifier_bytes_max)
    throw_syntax_error(token, "identifier length exceeds 255 bytes");
  return {.value = std::move(value), .position = position(token)};
}

std::vector<ast::Ident> idents(P::ColumnListContext* list) {
  if (!list) return {};
  return idents(list->identifier());
}

void check_parts(const ast::ObjectName& name, std::size_t parts_max) {
  if (name.parts.size() <= parts_max) return;
  std::string whole;
  for (const ast::Ident& part : name.parts) whole += (whole.empty() ? "" : ".") + part.value;
  throw SqlError(sqlstate::syntax_error, "qualified name did not have between 1 and " +
                                             std::to_string(parts_max) + " components: " + whole)
      .position(name.position);
}

ast::ObjectName name(P::ObjectNameContext& tree) {
  ast::ObjectName out{.position = position(tree)};
  auto parts = tree.identifier();
  std::size_t first = 0;
  if (first_type(tree) == P::LEFT_BRACKET) {
    out.id = ident(parts[0]).value;
    first = 1;
    if (parts.size() != 4)
      throw_syntax_error(tree.start, "table name in square brackets must be fully qualified");
    if (auto version = tree.NUMBER()) out.version = unsigned_number(version->getSymbol());
  }
  for (std::size_t i = first; i < parts.size(); ++i) out.parts.push_back(ident(parts[i]));
  check_parts(out, 3);
  return out;
}

std::vector<ast::ObjectName> names(const std::vector<P::ObjectNameContext*>& trees) {
  std::vector<ast::ObjectName> out;
  for (auto* tree : trees) out.push_back(name(*tree));
  return out;
}

ast::ClusterName cluster(P::ClusterNameContext& tree) {
  return {.value = ident(tree.identifier()).value,
          .is_id = first_type(tree) == P::LEFT_BRACKET,
          .position = position(tree)};
}

std::optional<ast::ClusterName> cluster(P::InClusterContext* tree) {
  if (!tree) return std::nullopt;
  return cluster(*tree->clusterName());
}

}  // namespace tailrace::grammar::builder
