#include <fmt/format.h>

#include <set>

#include "catalog/cluster_size.hpp"
#include "engine/coordinator/plan_item.hpp"
#include "engine/coordinator/read_time.hpp"
#include "engine/coordinator/row_sources.hpp"
#include "engine/coordinator/session_state.hpp"
#include "engine/coordinator/source_manager.hpp"
#include "engine/optimizer/index_lookup.hpp"
#include "engine/optimizer/optimizer.hpp"

namespace tailrace::engine {

namespace {

using catalog::ItemId;

// The relation that a plan of one map/filter/project stands on.
const plan::GetCollection* single_relation(const PlanPtr& plan) {
  if (const auto* get = std::get_if<plan::GetCollection>(&plan->node)) return get;
  const auto* node = std::get_if<plan::MapFilterProject>(&plan->node);
  return node ? std::get_if<plan::GetCollection>(&node->input->node) : nullptr;
}

std::vector<LookupCandidate> lookup_candidates(const catalog::Catalog& catalog,
                                               storage::CollectionId on,
                                               catalog::ClusterId cluster) {
  std::vector<LookupCandidate> candidates;
  for (const catalog::Item* index : catalog.indexes_on(catalog::item_of(on))) {
    if (index->cluster() != cluster) continue;
    candidates.push_back({catalog::collection_of(index->id), index_key(catalog, *index)});
  }
  return candidates;
}

Batch key_batch(const std::vector<ScalarPtr>& key, const std::vector<std::vector<Value>>& values) {
  std::vector<Type> types;
  for (const ScalarPtr& scalar : key) types.push_back(scalar->type);
  BatchBuilder builder(types);
  for (const auto& row : values) builder.append_row(row);
  return builder.finish();
}

// Answers from an index by lookup, if one fits.
std::unique_ptr<RowSource> try_lookup(SessionState& session, const PlannedSelect& planned,
                                      const BoundQuery& query) {
  const auto* node = std::get_if<plan::MapFilterProject>(&query.plan->node);
  if (node == nullptr || planned.lookups.empty() || session.in_transaction_block() ||
      session.transaction().writes.contains(planned.lookup_on)) {
    return nullptr;
  }
  const std::shared_ptr<Cluster> cluster =
      session.coordinator().cluster(session.active_cluster().id);
  if (!cluster) return nullptr;
  for (const LookupCandidate& candidate : planned.lookups) {
    const std::optional<IndexLookup> lookup = match_index(*node, candidate.key);
    if (!lookup) continue;
    const std::shared_ptr<IndexReader> reader = cluster->index(candidate.index);
    if (!reader) continue;
    if (!planned.is_readable) wait_readable(session, planned.reads);
    planned.is_readable = true;
    ReadSet reads;
    reads.indexed[planned.lookup_on] = reader;
    const ReadTime at = choose_read_time(session, reads);
    const Batch found = lookup->keys.empty()
                            ? empty_batch(node->input->types)
                            : reader->lookup(key_batch(candidate.key, lookup->keys), at.time);
    const EvaluationContext context{.session = &session.session_context(),
                                    .mz_now = at.time,
                                    .cancel = &session.cancel_token()};
    MapFilterProjectResult rest = apply_at(lookup->rest, found, at.time, context);
    if (!rest.errors.empty()) throw error_at(rest.errors, 0).to_sql_error();
    const Finishing& finishing = query.finishing;
    std::deque<Batch> batches;
    if (finishing.order_by.empty() && !finishing.limit && finishing.offset == 0) {
      batches.push_back(expand_diffs(rest.rows).project(finishing.projection));
    } else {
      SessionInputs none(session, {}, at.time);
      const OnceOptions options{.inputs = none, .time = at.time, .cancel = &session.cancel_token()};
      run_once(constant(rest.rows, query.plan->types), finishing, options,
               [&](Batch batch) { batches.push_back(std::move(batch)); });
    }
    return std::make_unique<BatchesSource>(query.schema, std::move(batches));
  }
  return nullptr;
}

// A cluster without replicas computes nothing.
void require_replicas(SessionState& session) {
  const catalog::Cluster& cluster = session.active_cluster();
  if (!cluster.replicas.empty()) return;
  throw SqlError(
      sqlstate::object_not_in_prerequisite_state,
      fmt::format("CLUSTER \"{}\" has no replicas available to service request", cluster.name))
      .hint(cluster.managed
                ? fmt::format("Use ALTER CLUSTER {} SET (REPLICATION FACTOR 1) to start one.",
                              cluster.name)
                : "Use CREATE CLUSTER REPLICA to add one.");
}

void wait_for_upstream(SessionState& session, const PlannedSelect& planned) {
  if (!as_boolean(session.variables().get("real_time_recency"))) return;
  std::vector<ItemId> sources;
  const auto visit = [&](const auto& self, ItemId id) -> void {
    const catalog::Item& item = session.catalog().item(id);
    if (const auto* source = item.as<catalog::Source>(); source && source->parent)
      sources.push_back(source->parent);
    if (const auto* table = item.as<catalog::Table>(); table && table->source)
      sources.push_back(table->source);
    for (const ItemId used : item.uses) self(self, used);
  };
  for (const ItemId id : planned.reads) visit(visit, id);
  session.coordinator().sources().wait_recent(sources, session.cancel_token());
}

std::size_t threads_for(SessionState& session, const PlannedSelect& planned) {
  if (planned.catalog_only) return 1;
  const catalog::Cluster& cluster = session.active_cluster();
  if (cluster.replicas.empty()) return 1;
  const auto* size = catalog::find_cluster_size(cluster.replicas.front().size);
  return size ? size->workers : 1;
}

}  // namespace

std::set<ItemId> kept_views(SessionState& session) {
  std::set<ItemId> kept;
  // Within a block reads share one time, which an index need not have kept.
  if (session.in_transaction_block()) return kept;
  const catalog::Catalog& catalog = session.catalog();
  const catalog::Cluster* active = catalog.find_cluster(session.variables().get("cluster"));
  const auto cluster = active ? session.coordinator().cluster(active->id) : nullptr;
  if (!cluster) return kept;
  for (const auto& [id, item] : catalog.items()) {
    const auto* index = item->as<catalog::Index>();
    if (index == nullptr || catalog.item(index->on).as<catalog::View>() == nullptr) continue;
    if (cluster->index(catalog::collection_of(id)) != nullptr) kept.insert(index->on);
  }
  return kept;
}

std::shared_ptr<const PlannedSelect> plan_select(SessionState& session, const ast::Query& query,
                                                 std::optional<ast::AsOf> as_of,
                                                 ParameterTypes* parameters) {
  auto planned = std::make_shared<PlannedSelect>();
  const catalog::Catalog& catalog = session.catalog();
  const catalog::Cluster* cluster = catalog.find_cluster(session.variables().get("cluster"));
  const std::set<ItemId> kept = kept_views(session);
  BindContext context = session.bind_context(Purpose::select);
  context.parameters = parameters;
  context.reads = &planned->reads;
  context.dependencies = &planned->named;
  context.kept_views = &kept;
  planned->query = bind_query(query, context);
  planned->query.plan = optimize(planned->query.plan);
  planned->as_of = std::move(as_of);
  planned->catalog_only = true;
  for (const ItemId id : planned->reads)
    planned->catalog_only = planned->catalog_only && id.is_system();
  if (const auto* get = single_relation(planned->query.plan); get && cluster && !planned->as_of) {
    planned->lookup_on = get->collection;
    planned->lookups = lookup_candidates(catalog, get->collection, cluster->id);
  }
  return planned;
}

bool selects_at_once(SessionState& session, const PlannedSelect& planned) {
  // Whatever may wait for upstream must not do so here.
  if (!planned.is_readable || as_boolean(session.variables().get("real_time_recency")))
    return false;
  if (planned.lookups.empty() || session.in_transaction_block()) return false;
  const catalog::Cluster* cluster =
      session.catalog().find_cluster(session.variables().get("cluster"));
  const auto running = cluster ? session.coordinator().cluster(cluster->id) : nullptr;
  if (!running) return false;
  for (const LookupCandidate& candidate : planned.lookups) {
    const auto reader = running->index(candidate.index);
    // It must not have to wait: the index has reached what anybody has seen.
    if (!reader || reader->upper() <= session.coordinator().oracle()) return false;
  }
  // A predicate on the key, or it would be a scan.
  const auto* node = std::get_if<plan::MapFilterProject>(&planned.query.plan->node);
  return node != nullptr && !node->predicates.empty();
}

std::unique_ptr<RowSource> run_select(SessionState& session, const PlannedSelect& planned,
                                      const std::vector<Value>& parameters) {
  if (session.transaction().subscribed) {
    throw SqlError(sqlstate::read_only_sql_transaction,
                   "SUBSCRIBE in transactions must be the only read statement");
  }
  const BoundQuery query =
      parameters.empty() ? planned.query : replace_parameters(planned.query, parameters);
  wait_for_upstream(session, planned);
  if (auto answered = try_lookup(session, planned, query)) return answered;
  if (!planned.catalog_only) require_replicas(session);
  const ReadSet reads = read_set(session, planned.reads);
  std::optional<Timestamp> as_of;
  if (planned.as_of) as_of = evaluate_time(session, planned.as_of->time);
  const ReadTime at =
      choose_read_time(session, reads, as_of, planned.as_of && planned.as_of->at_least);
  SessionInputs inputs(session, reads, at.time);
  const std::size_t result_bytes_max =
      std::min(as_bytes(session.variables().get("max_result_size")),
               as_bytes(session.variables().get("max_query_result_size")));
  MemoryBudget budget("query", session.coordinator().query_memory_bytes_max(),
                      &session.coordinator().memory());
  const OnceOptions options{.inputs = inputs,
                            .time = at.time,
                            .session = &session.session_context(),
                            .cancel = &session.cancel_token(),
                            .memory = &budget,
                            .threads = threads_for(session, planned)};
  std::deque<Batch> batches;
  MemoryCharge charge(session.coordinator().memory());
  run_once(query.plan, query.finishing, options, [&](Batch batch) {
    charge.add(batch.memory_bytes());
    if (charge.bytes() > result_bytes_max) {
      throw SqlError(sqlstate::out_of_memory,
                     fmt::format("result exceeds max size of {:.1f} GiB",
                                 static_cast<double>(result_bytes_max) / (1 << 30)))
          .hint("Narrow the query, read it in pieces, or raise max_query_result_size.");
    }
    batches.push_back(std::move(batch));
  });
  if (as_boolean(session.variables().get("emit_timestamp_notice"))) {
    session.notice(fmt::format("query timestamp: {}", at.time));
  }
  return std::make_unique<BatchesSource>(query.schema, std::move(batches), std::move(charge));
}

std::vector<Batch> read_for_write(SessionState& session, const PlanPtr& plan,
                                  const std::vector<ItemId>& reads) {
  const ReadSet set = read_set(session, reads);
  const ReadTime at = choose_read_time(session, set);
  // Tables beneath what was read must stay as they were until the commit.
  Transaction& open = session.transaction();
  const auto note = [&](const auto& self, ItemId id) -> void {
    const catalog::Item& item = session.catalog().item(id);
    if (item.as<catalog::Table>() && id.is_user())
      open.read_for_write.try_emplace(catalog::collection_of(id), at.time);
    for (const ItemId used : item.uses) self(self, used);
  };
  for (const ItemId id : reads) note(note, id);
  // Tables that this transaction made itself cannot change under it.
  std::erase_if(open.read_for_write, [&](const auto& entry) {
    return open.ddl && open.ddl->base().find(catalog::item_of(entry.first)) == nullptr;
  });
  SessionInputs inputs(session, set, at.time);
  MemoryBudget budget("query", session.coordinator().query_memory_bytes_max(),
                      &session.coordinator().memory());
  const OnceOptions options{.inputs = inputs,
                            .time = at.time,
                            .session = &session.session_context(),
                            .cancel = &session.cancel_token(),
                            .memory = &budget};
  // Settled: what the write takes back or adds must not grow with the history of its tables.
  Finishing finishing;
  for (int i = 0; i < static_cast<int>(plan->types.size()); ++i) finishing.projection.push_back(i);
  std::vector<Batch> batches;
  run_once(plan, finishing, options, [&](Batch batch) { batches.push_back(std::move(batch)); });
  return batches;
}

}  // namespace tailrace::engine
