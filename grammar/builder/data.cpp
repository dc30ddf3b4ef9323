// INSERT, UPDATE, DELETE, COPY, SUBSCRIBE.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"
#include "repr/error.hpp"

namespace tailrace::grammar::builder {

namespace {

std::optional<ast::Ident> alias(P::BareTableAliasContext* tree) {
  if (!tree) return std::nullopt;
  return ident(tree);
}

std::optional<ast::Expression> optional(P::ExpressionContext* tree) {
  if (!tree) return std::nullopt;
  return expression(*tree);
}

ast::CopyRelation copy_relation(P::CopyRelationContext& tree) {
  return {name(*tree.objectName()), idents(tree.columnList())};
}

decltype(ast::Subscribe::output) output(P::SubscribeOutputContext& tree) {
  if (tree.WITHIN()) return ast::WithinTimestampOrderBy{order_by(tree.orderByClause())};
  if (tree.UPSERT()) return ast::EnvelopeUpsert{idents(tree.columnList())};
  return ast::EnvelopeDebezium{idents(tree.columnList())};
}

}  // namespace

ast::Statement insert(P::InsertStatementContext& tree) {
  ast::Insert out{.table = name(*tree.objectName()),
                  .alias = alias(tree.bareTableAlias()),
                  .columns = idents(tree.columnList()),
                  .source = ast::DefaultValues{},
                  .returning = select_items(tree.selectItem())};
  if (tree.query()) out.source = query(*tree.query());
  return {std::move(out)};
}

ast::Statement update(P::UpdateStatementContext& tree) {
  ast::Update out{.table = name(*tree.objectName()),
                  .alias = alias(tree.bareTableAlias()),
                  .where = optional(tree.expression())};
  for (auto* item : tree.assignment())
    out.assignments.push_back({ident(item->identifier()), expression(*item->expression())});
  return {std::move(out)};
}

ast::Statement remove(P::DeleteStatementContext& tree) {
  return {ast::Delete{.table = name(*tree.objectName()),
                      .alias = alias(tree.bareTableAlias()),
                      .using_ = from(tree.fromItem()),
                      .where = optional(tree.expression())}};
}

ast::Subscribe subscribe(P::SubscribeStatementContext& tree) {
  P::SubscribeRelationContext& relation = *tree.subscribeRelation();
  ast::Subscribe out{.with = options(tree.withOptions(), OptionListKind::subscribe),
                     .as_of = as_of(tree.asOf()),
                     .up_to = optional(tree.expression())};
  if (relation.objectName())
    out.relation = name(*relation.objectName());
  else
    out.relation = ast::Box<ast::Query>(query(*relation.parenthesizedQuery()));
  auto outputs = tree.subscribeOutput();
  if (outputs.size() > 1)
    throw_syntax_error(outputs[1]->start,
                       "Expected end of statement, found " + upper(text(*outputs[1])));
  if (!outputs.empty()) out.output = output(*outputs[0]);
  return out;
}

ast::Statement copy(P::CopyStatementContext& tree) {
  std::vector<ast::Option> list;
  if (auto* written = tree.copyOptions()) list = options(written->option(), OptionListKind::copy);
  if (tree.FROM())
    return {ast::CopyFrom{copy_relation(*tree.copyRelation()), optional(tree.expression()),
                          std::move(list)}};
  ast::CopyTo out{.url = optional(tree.expression()), .options = std::move(list)};
  if (tree.copyRelation()) {
    out.source = copy_relation(*tree.copyRelation());
  } else if (tree.subscribeStatement()) {
    out.source = subscribe(*tree.subscribeStatement());
  } else if (tree.selectStatement()) {
    out.source = select(*tree.selectStatement());
  } else {
    const std::uint32_t at = position(*tree.showStatement());
    out.source = ast::SelectStatement{
        .query = {.body = {ast::ShowBody{show(*tree.showStatement())}, at}, .position = at}};
  }
  return {std::move(out)};
}

}  // namespace tailrace::grammar::builder
