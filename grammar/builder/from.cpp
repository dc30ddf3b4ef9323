// What stands in FROM.
#include <utility>

#include "grammar/builder/builder.hpp"

namespace tailrace::grammar::builder {

namespace {

std::optional<ast::TableAlias> alias(P::TableAliasContext* tree) {
  if (!tree) return std::nullopt;
  auto& name = tree->tableAliasName()
                   ? static_cast<antlr4::ParserRuleContext&>(*tree->tableAliasName())
                   : *tree->bareTableAlias();
  return ast::TableAlias{.name = ident(&name), .columns = idents(tree->columnList())};
}

ast::Join join(P::JoinContext& tree);

ast::TableFactor factor(P::TableFactorContext& tree) {
  ast::TableFactor out{.position = position(tree)};
  const bool lateral = tree.LATERAL() != nullptr;
  const bool with_ordinality = tree.withOrdinality() != nullptr;
  auto as = alias(tree.tableAlias());
  if (auto* inner = tree.parenthesizedQuery()) {
    out.node = ast::DerivedTable{lateral, query(*inner), std::move(as)};
  } else if (auto* item = tree.fromItem()) {
    ast::ParenthesizedJoin nested{.first = factor(*item->tableFactor()), .alias = std::move(as)};
    for (auto* next : item->join()) nested.joins.push_back(join(*next));
    out.node = std::move(nested);
  } else if (tree.ROWS()) {
    ast::RowsFrom rows{
        .lateral = lateral, .with_ordinality = with_ordinality, .alias = std::move(as)};
    for (auto* function : tree.functionCall()) rows.calls.push_back(call(*function));
    out.node = std::move(rows);
  } else if (auto* function = tree.functionCall(0)) {
    out.node = ast::TableFunction{lateral, call(*function), with_ordinality, std::move(as),
                                  position(*function)};
  } else {
    out.node = ast::NamedTable{name(*tree.objectName()), std::move(as)};
  }
  return out;
}

ast::Join join(P::JoinContext& tree) {
  ast::Join out{.right = factor(*tree.tableFactor())};
  if (auto* kind = tree.joinKind())
    out.kind = kind->LEFT()    ? ast::JoinKind::left
               : kind->RIGHT() ? ast::JoinKind::right
               : kind->FULL()  ? ast::JoinKind::full
                               : ast::JoinKind::inner;
  if (tree.CROSS())
    out.kind = ast::JoinKind::cross;
  else if (tree.NATURAL())
    out.condition = ast::JoinNatural{};
  else if (tree.ON())
    out.condition = ast::JoinOn{expression(*tree.expression())};
  else
    out.condition =
        ast::JoinUsing{idents(tree.columnList()),
                       tree.identifier() ? std::optional(ident(tree.identifier())) : std::nullopt};
  return out;
}

}  // namespace

std::vector<ast::FromItem> from(const std::vector<P::FromItemContext*>& trees) {
  std::vector<ast::FromItem> out;
  for (auto* tree : trees) {
    ast::FromItem item{.first = factor(*tree->tableFactor())};
    for (auto* next : tree->join()) item.joins.push_back(join(*next));
    out.push_back(std::move(item));
  }
  return out;
}

}  // namespace tailrace::grammar::builder
