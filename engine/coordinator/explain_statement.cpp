#include <fmt/format.h>

#include "engine/coordinator/plan_item.hpp"
#include "engine/coordinator/read_time.hpp"
#include "engine/coordinator/required_privileges.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/optimizer/index_lookup.hpp"
#include "engine/optimizer/optimizer.hpp"
#include "engine/plan/explain.hpp"

namespace tailrace::engine {

namespace {

struct Explained {
  BoundQuery query;
  bool is_maintained = false;
  std::vector<catalog::ItemId> reads;
  std::vector<catalog::ItemId> named;
};

Explained bind_explainee(SessionState& session, const ast::Explainee& explainee) {
  Explained explained;
  if (const auto* object = std::get_if<ast::ExplainObject>(&explainee)) {
    const catalog::Item& item = session.catalog().resolve_item(object->name, session.scope());
    explained.named = {item.id};
    if (item.as<catalog::MaterializedView>() != nullptr) {
      explained.query.plan = plan_materialized_view(session.catalog(), item);
    } else if (item.as<catalog::Index>() != nullptr) {
      explained.query.plan = plan_index(session.catalog(), item).plan;
    } else {
      BindContext context = session.bind_context(Purpose::view);
      explained.query.plan = bind_item(item, context).plan;
    }
    explained.is_maintained = item.as<catalog::View>() == nullptr;
    return explained;
  }
  const ast::Statement& statement = *std::get<ast::ExplainStatement>(explainee).statement;
  const auto relation = [&](const ast::Query& query, Purpose purpose) {
    BindContext context = session.bind_context(purpose);
    context.reads = &explained.reads;
    context.dependencies = &explained.named;
    const BoundRelation bound = bind_relation(query, context);
    explained.query.plan = bound.plan;
    explained.query.schema = bound.schema;
    explained.is_maintained = is_maintained(purpose);
  };
  if (const auto* select = std::get_if<ast::SelectStatement>(&statement.node)) {
    const std::set<catalog::ItemId> kept = kept_views(session);
    BindContext context = session.bind_context(Purpose::select);
    context.reads = &explained.reads;
    context.dependencies = &explained.named;
    context.kept_views = &kept;
    explained.query = bind_query(select->query, context);
  } else if (const auto* view = std::get_if<ast::CreateView>(&statement.node)) {
    relation(*view->query, Purpose::view);
  } else if (const auto* materialized = std::get_if<ast::CreateMaterializedView>(&statement.node)) {
    relation(*materialized->query, Purpose::materialized_view);
  } else {
    throw unsupported("EXPLAIN of this statement");
  }
  return explained;
}

// "Explained Query (fast path)" and the index that serves, as an index answers it.
std::string describe_lookup(SessionState& session, const Explained& explained,
                            const PlanPtr& plan) {
  const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
  const auto* get = node ? std::get_if<plan::GetCollection>(&node->input->node) : nullptr;
  if (get == nullptr || explained.is_maintained) return "";
  const catalog::Catalog& catalog = session.catalog();
  for (const catalog::Item* index : catalog.indexes_on(catalog::item_of(get->collection))) {
    if (index->cluster() != session.active_cluster().id) continue;
    const auto lookup = match_index(*node, index_key(catalog, *index));
    if (lookup) return catalog.full_name(*index);
  }
  return "";
}

std::string explain_plan(SessionState& session, const ast::ExplainPlan& statement) {
  if (statement.format && *statement.format == ast::ExplainFormat::json)
    throw unsupported("EXPLAIN AS JSON");
  const ast::ExplainStage stage = statement.stage.value_or(ast::ExplainStage::physical);
  const Explained explained = bind_explainee(session, statement.explainee);
  if (is_restricted(session)) require(session, needs_of_explaining(session, explained.named));
  PlanPtr plan = explained.query.plan;
  switch (stage) {
    case ast::ExplainStage::decorrelated:
      break;
    case ast::ExplainStage::locally_optimized:
    case ast::ExplainStage::optimized:
    case ast::ExplainStage::physical:
      plan = optimize(plan, {.maintained = explained.is_maintained});
      break;
    case ast::ExplainStage::raw:
      throw unsupported("EXPLAIN RAW PLAN");
    case ast::ExplainStage::trace:
      throw unsupported("EXPLAIN OPTIMIZER TRACE");
    case ast::ExplainStage::insights:
      throw unsupported("EXPLAIN PLAN INSIGHTS");
  }
  ExplainOptions options;
  options.indent = 1;
  const std::string index =
      stage == ast::ExplainStage::decorrelated ? "" : describe_lookup(session, explained, plan);
  std::string text = index.empty() ? "Explained Query:\n" : "Explained Query (fast path):\n";
  text += explained.query.finishing.projection.empty()
              ? explain(plan, options)
              : explain(plan, explained.query.finishing, options);
  if (!index.empty()) text += fmt::format("\nUsed Indexes:\n  - {} (lookup)\n", index);
  text += fmt::format("\nTarget cluster: {}\n", session.variables().get("cluster"));
  return text;
}

std::string explain_timestamp(SessionState& session, const ast::ExplainTimestamp& statement) {
  std::vector<catalog::ItemId> reads;
  BindContext context = session.bind_context(Purpose::select);
  std::vector<catalog::ItemId> named;
  context.reads = &reads;
  context.dependencies = &named;
  bind_query(statement.query.query, context);
  if (is_restricted(session)) require(session, needs_of_explaining(session, named));
  const ReadSet set = read_set(session, reads);
  const ReadTime at = choose_read_time(session, set);
  storage::Store& store = session.coordinator().store();
  std::string text = fmt::format("                query timestamp: {:13}\n", at.time);
  text += fmt::format("          oracle read timestamp: {:13}\n", session.coordinator().oracle());
  text +=
      "        can respond immediately: true\n                       timeline: "
      "Some(EpochMilliseconds)\n";
  for (const auto collection : set.stored) {
    const catalog::Item& item = session.catalog().item(catalog::item_of(collection));
    text += fmt::format("\nsource {} ({}, storage):\n", session.catalog().full_name(item),
                        item.id.to_string());
    text += fmt::format("                  read frontier:[{:13}]\n", store.since(collection));
    text += fmt::format("                 write frontier:[{:13}]\n", store.upper(collection));
  }
  return text;
}

std::string title(const ast::Explain& explain) {
  if (std::holds_alternative<ast::ExplainTimestamp>(explain.node)) return "Timestamp";
  if (const auto* plan = std::get_if<ast::ExplainPlan>(&explain.node)) {
    switch (plan->stage.value_or(ast::ExplainStage::physical)) {
      case ast::ExplainStage::raw:
        return "Raw Plan";
      case ast::ExplainStage::decorrelated:
        return "Decorrelated Plan";
      case ast::ExplainStage::locally_optimized:
        return "Locally Optimized Plan";
      case ast::ExplainStage::optimized:
        return "Optimized Plan";
      default:
        return "Physical Plan";
    }
  }
  throw unsupported("this form of EXPLAIN");
}

}  // namespace

Schema explain_schema(const ast::Explain& explain) {
  Schema schema;
  schema.columns.push_back({title(explain), TypeId::text, false});
  return schema;
}

StatementResult execute_explain(SessionState& session, const ast::Explain& statement) {
  std::string text;
  if (const auto* plan = std::get_if<ast::ExplainPlan>(&statement.node)) {
    text = explain_plan(session, *plan);
  } else if (const auto* timestamp = std::get_if<ast::ExplainTimestamp>(&statement.node)) {
    text = explain_timestamp(session, *timestamp);
  } else {
    throw unsupported("this form of EXPLAIN");
  }
  StatementResult result;
  result.tag = "EXPLAIN";
  result.tag_has_count = true;
  result.rows = one_text_row(title(statement), std::move(text));
  return result;
}

}  // namespace tailrace::engine
