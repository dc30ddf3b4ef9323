// Tables, views, materialized views, indexes, types.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::ColumnOption column_option(P::ColumnOptionContext& tree) {
  ast::ColumnOption out{.position = position(tree)};
  if (tree.identifier()) out.constraint = ident(tree.identifier());
  P::ColumnConstraintContext& what = *tree.columnConstraint();
  switch (first_type(what)) {
    case P::NOT:
      out.node = ast::ColumnNotNull{};
      break;
    case P::NULL_:
      out.node = ast::ColumnNull{};
      break;
    case P::DEFAULT:
      out.node = ast::ColumnDefault{expression(*what.expression())};
      break;
    case P::PRIMARY:
      out.node = ast::ColumnUnique{.primary_key = true};
      break;
    case P::UNIQUE:
      out.node = ast::ColumnUnique{};
      break;
    case P::CHECK:
      out.node = ast::ColumnCheck{expression(*what.expression())};
      break;
    case P::REFERENCES:
      out.node = ast::ColumnReferences{name(*what.objectName()), idents(what.columnList())};
      break;
    default:
      out.node = ast::ColumnVersionAdded{unsigned_number(what.NUMBER()->getSymbol())};
  }
  return out;
}

ast::TableConstraint table_constraint(P::TableConstraintContext& tree) {
  ast::TableConstraint out{.position = position(tree)};
  if (tree.identifier()) out.name = ident(tree.identifier());
  if (tree.CHECK())
    out.node = ast::CheckConstraint{expression(*tree.expression())};
  else if (tree.FOREIGN())
    out.node = ast::ForeignKeyConstraint{idents(tree.columnList(0)), name(*tree.objectName()),
                                         idents(tree.columnList(1))};
  else
    out.node = ast::UniqueConstraint{tree.PRIMARY() != nullptr, idents(tree.columnList(0))};
  return out;
}

ast::CreateTable create_table(P::CreateTableContext& tree) {
  ast::CreateTable out{.name = name(*tree.objectName()),
                       .if_not_exists = tree.ifNotExists() != nullptr,
                       .temporary = tree.TEMP() || tree.TEMPORARY(),
                       .with = options(tree.withOptions(), OptionListKind::table)};
  for (auto* element : tree.tableElement()) {
    if (element->columnDefinition())
      out.columns.push_back(column_definition(*element->columnDefinition()));
    else
      out.constraints.push_back(table_constraint(*element->tableConstraint()));
  }
  return out;
}

ast::CreateType create_type(P::CreateTypeContext& tree) {
  ast::CreateType out{.name = name(*tree.objectName())};
  if (!tree.LIST() && !tree.MAP()) {
    ast::RecordDefinition record;
    for (auto* field : tree.columnDefinition()) record.fields.push_back(column_definition(*field));
    out.definition = std::move(record);
    return out;
  }
  std::vector<ast::Option> options;
  for (auto* option : tree.typeOption()) {
    auto& type_name = *option->typeName();
    options.push_back({.name = upper(text(*option)) + " TYPE",
                       .value = ast::OptionValue{type(type_name), position(type_name)},
                       .position = position(*option)});
  }
  if (tree.LIST())
    out.definition = ast::ListDefinition{std::move(options)};
  else
    out.definition = ast::MapDefinition{std::move(options)};
  return out;
}

}  // namespace

ast::ColumnDefinition column_definition(P::ColumnDefinitionContext& tree) {
  ast::ColumnDefinition out{.name = ident(tree.identifier()), .type = type(*tree.typeName())};
  if (tree.objectName()) out.collation = name(*tree.objectName());
  for (auto* option : tree.columnOption()) out.options.push_back(column_option(*option));
  return out;
}

ast::CreateView create_view(P::CreateViewContext& tree) {
  if (tree.OR() && tree.ifNotExists())
    throw_syntax_error(tree.ifNotExists()->start, "Expected identifier, found IF");
  return {.name = name(*tree.objectName()),
          .if_not_exists = tree.ifNotExists() != nullptr,
          .or_replace = tree.OR() != nullptr,
          .temporary = tree.TEMP() || tree.TEMPORARY(),
          .columns = idents(tree.columnList()),
          .query = query(*tree.query())};
}

ast::CreateMaterializedView create_materialized_view(P::CreateMaterializedViewContext& tree) {
  if (tree.OR() && tree.ifNotExists())
    throw_syntax_error(tree.ifNotExists()->start, "Expected identifier, found IF");
  ast::CreateMaterializedView out{
      .name = name(*tree.objectName(0)),
      .if_not_exists = tree.ifNotExists() != nullptr,
      .or_replace = tree.OR() != nullptr,
      .columns = idents(tree.columnList()),
      .with = options(tree.withOptions(), OptionListKind::materialized_view),
      .query = query(*tree.query()),
      .as_of = as_of(tree.asOf())};
  if (tree.REPLACEMENT()) out.replacement_for = name(*tree.objectName(1));
  if (auto* place = tree.materializedPlace()) {
    out.in_cluster = cluster(place->inCluster());
    if (place->identifier()) out.in_replica = ident(place->identifier());
  }
  return out;
}

ast::CreateIndex create_index(P::CreateIndexContext& tree) {
  ast::CreateIndex out{.if_not_exists = tree.ifNotExists() != nullptr,
                       .is_default = tree.DEFAULT() != nullptr,
                       .in_cluster = cluster(tree.inCluster()),
                       .on = name(*tree.objectName()),
                       .with = options(tree.withOptions(), OptionListKind::index)};
  const std::size_t on = tree.objectName()->start->getTokenIndex();
  for (auto* word : tree.identifier()) {
    if (word->start->getTokenIndex() < on)
      out.name = ident(word);
    else if (lower(text(*word)) != "arrangement")
      throw_unsupported(word->start, "CREATE INDEX ... USING " + text(*word));
  }
  if (tree.expressionList()) out.keys = expressions(*tree.expressionList());
  return out;
}

ast::Statement create_relation(P::CreateStatementContext& tree) {
  if (tree.createTable()) return {create_table(*tree.createTable())};
  if (tree.createView()) return {create_view(*tree.createView())};
  if (tree.createMaterializedView())
    return {create_materialized_view(*tree.createMaterializedView())};
  if (tree.createIndex()) return {create_index(*tree.createIndex())};
  return {create_type(*tree.createType())};
}

}  // namespace tailrace::grammar::builder
