// SHOW and EXPLAIN.
#include <utility>

#include "grammar/builder/builder.hpp"
#include "grammar/builder/option.hpp"

namespace tailrace::grammar::builder {

namespace {

ast::ShowFilter filter(P::ShowFilterContext* tree) {
  if (!tree) return {};
  if (tree->LIKE()) return ast::LikeFilter{string_value(*tree->stringLiteral())};
  return ast::WhereFilter{expression(*tree->expression())};
}

// Each of FROM, ON and IN CLUSTER once; not FROM and ON together.
ast::ShowObjects show_objects(P::ShowStatementContext& tree) {
  P::ShowKindContext& what = *tree.showKind();
  ast::ShowObjects out{.filter = filter(tree.showFilter())};
  if (what.pluralKind()) out.kind = kind(*what.pluralKind());
  if (what.USERS()) out.kind = ast::ObjectKind::role;
  for (auto* scope : tree.showScope()) {
    const bool repeated = (scope->FROM() && out.from) || (scope->ON() && out.on) ||
                          (scope->inCluster() && out.in_cluster);
    if (repeated) throw_syntax_error(scope->start, "unexpected " + upper(text(*scope)));
    if (scope->inCluster())
      out.in_cluster = cluster(scope->inCluster());
    else
      (scope->FROM() ? out.from : out.on) = name(*scope->objectName());
    if (out.from && out.on) throw_syntax_error(scope->start, "Cannot specify both FROM and ON");
  }
  return out;
}

ast::ShowPrivileges show_privileges(P::ShowStatementContext& tree) {
  ast::ShowPrivileges out{.defaults = tree.DEFAULT() != nullptr};
  if (tree.pluralKind()) out.kind = kind(*tree.pluralKind());
  if (tree.SYSTEM()) out.kind = ast::ObjectKind::system;
  if (tree.identifier()) out.role = ident(tree.identifier());
  return out;
}

ast::ShowNode show_node(P::ShowStatementContext& tree) {
  if (tree.ALL()) return ast::ShowAllVariables{};
  if (tree.TIME()) return ast::ShowVariable{{"timezone", position(tree.TIME()->getSymbol())}};
  if (tree.TRANSACTION())
    return ast::ShowVariable{{"transaction_isolation", position(tree.TRANSACTION()->getSymbol())}};
  if (tree.CREATE())
    return ast::ShowCreate{kind(*tree.showCreateKind()->alterKind()), name(*tree.objectName()),
                           tree.REDACTED() != nullptr};
  if (tree.COLUMNS() || tree.FIELDS())
    return ast::ShowColumns{name(*tree.objectName()), filter(tree.showFilter())};
  if (tree.PRIVILEGES()) return show_privileges(tree);
  if (tree.MEMBERSHIP())
    return ast::ShowRoleMembership{tree.identifier() ? std::optional(ident(tree.identifier()))
                                                     : std::nullopt};
  if (tree.showKind()) return show_objects(tree);
  return ast::ShowVariable{setting_name(*tree.settingName())};
}

std::optional<ast::ExplainStage> stage(P::ExplainStageContext* tree) {
  if (!tree) return std::nullopt;
  using enum ast::ExplainStage;
  switch (first_type(*tree)) {
    case P::RAW:
      return raw;
    case P::DECORRELATED:
      return decorrelated;
    case P::LOCALLY:
      return locally_optimized;
    case P::OPTIMIZED:
      return optimized;
    case P::PHYSICAL:
      return physical;
    case P::OPTIMIZER:
      return trace;
    default:
      return insights;
  }
}

std::optional<ast::ExplainFormat> format(P::ExplainFormatContext* tree) {
  if (!tree) return std::nullopt;
  if (tree->JSON()) return ast::ExplainFormat::json;
  return tree->VERBOSE() ? ast::ExplainFormat::verbose_text : ast::ExplainFormat::text;
}

template <class Tree>
ast::ObjectKind explained_kind(Tree& tree) {
  return tree.INDEX()          ? ast::ObjectKind::index
         : tree.MATERIALIZED() ? ast::ObjectKind::materialized_view
                               : ast::ObjectKind::view;
}

ast::Statement explained(P::ExplainedStatementContext& tree) {
  if (tree.selectStatement()) return {select(*tree.selectStatement())};
  if (tree.subscribeStatement()) return {subscribe(*tree.subscribeStatement())};
  if (tree.createView()) return {create_view(*tree.createView())};
  if (tree.createMaterializedView())
    return {create_materialized_view(*tree.createMaterializedView())};
  return {create_index(*tree.createIndex())};
}

ast::Explainee explainee(P::ExplaineeContext& tree) {
  if (tree.explainedStatement())
    return ast::ExplainStatement{explained(*tree.explainedStatement()), tree.BROKEN() != nullptr};
  return ast::ExplainObject{explained_kind(tree), name(*tree.objectName()),
                            tree.REPLAN() != nullptr};
}

ast::ExplainAnalyze analyze(P::ExplainStatementContext& tree) {
  P::AnalyzePropertiesContext& properties = *tree.analyzeProperties();
  ast::ExplainAnalyze out{.with_skew = properties.SKEW() != nullptr,
                          .as_sql = tree.SQL() != nullptr};
  for (Node* child : properties.children) {
    if (is(child, P::CPU)) out.properties.push_back(ast::AnalyzeProperty::cpu);
    if (is(child, P::MEMORY)) out.properties.push_back(ast::AnalyzeProperty::memory);
  }
  P::AnalyzeObjectContext& object = *tree.analyzeObject();
  const bool has_object = object.objectName() != nullptr;
  if (has_object == (properties.CLUSTER() != nullptr))
    throw_syntax_error(tree.start, "Expected CLUSTER, or FOR and an index or materialized view");
  if (has_object)
    out.object = ast::ExplainObject{explained_kind(object), name(*object.objectName())};
  return out;
}

}  // namespace

ast::Statement show(P::ShowStatementContext& tree) {
  return {ast::Show{show_node(tree)}};
}

ast::Statement explain(P::ExplainStatementContext& tree) {
  if (tree.TIMESTAMP())
    return {ast::Explain{
        ast::ExplainTimestamp{format(tree.explainFormat()), select(*tree.selectStatement())}}};
  if (tree.FILTER()) {
    if (tree.selectStatement())
      return {ast::Explain{ast::ExplainFilterPushdown{select(*tree.selectStatement())}}};
    return {ast::Explain{ast::ExplainFilterPushdown{name(*tree.objectName())}}};
  }
  if (tree.ANALYZE()) return {ast::Explain{analyze(tree)}};
  if (tree.SCHEMA())
    throw_unsupported(tree.start, "EXPLAIN " + upper(tree.children[1]->getText()) + " SCHEMA");
  ast::ExplainPlan plan{.stage = stage(tree.explainStage()),
                        .with = options(tree.withOptions(), OptionListKind::explain),
                        .format = format(tree.explainFormat()),
                        .explainee = explainee(*tree.explainee())};
  if (!plan.stage && tree.PLAN()) plan.stage = ast::ExplainStage::physical;
  return {ast::Explain{std::move(plan)}};
}

}  // namespace tailrace::grammar::builder
