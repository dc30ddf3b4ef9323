#include "storage/commit_group.hpp"

#include <fmt/format.h>

#include "storage/byte_codec.hpp"
#include "storage/collection_record.hpp"
#include "storage/fault_point.hpp"
#include "storage/keys.hpp"
#include "storage/part_writer.hpp"

namespace tailrace::storage {

namespace {

// What one write to RocksDB carries at most. Bigger loads belong into staged parts.
constexpr std::size_t group_bytes_max = std::size_t{1} << 31;

SqlError not_committed(const Collection& collection) {
  return SqlError(sqlstate::wrong_object_type,
                  fmt::format("collection {} does not take commits", collection.id().value));
}

}  // namespace

std::string encode_deltas(const std::vector<CollectionDelta>& deltas) {
  std::string out;
  for (const auto& [collection, delta] : deltas) {
    if (delta.empty()) continue;
    encode_log_entry({.kind = LogEntry::Kind::delta, .collection = collection, .delta = delta},
                     out);
  }
  return out;
}

CommitGroup::CommitGroup(StoreState& state, Timestamp time)
    : state_(state), time_(time), catalog_version_(state.catalog_version) {}

CollectionPtr CommitGroup::find(CollectionId id) const {
  const auto effect = effects_.find(id);
  if (effect == effects_.end()) return state_.collections.find(id);
  return effect->second.dropped ? nullptr : effect->second.collection;
}

std::optional<Conflict> CommitGroup::check_preconditions(const Preconditions& preconditions) const {
  if (preconditions.catalog_version && *preconditions.catalog_version != catalog_version_) {
    return Conflict{Conflict::What::catalog_version,
                    fmt::format("the catalog is at version {}, not {}", catalog_version_,
                                *preconditions.catalog_version)};
  }
  for (const auto& [id, time] : preconditions.unchanged_since) {
    const CollectionPtr collection = find(id);
    if (!collection) {
      return Conflict{Conflict::What::collection,
                      fmt::format("collection {} does not exist", id.value)};
    }
    const auto effect = effects_.find(id);
    const bool touched = effect != effects_.end() && effect->second.touched;
    const Timestamp last = touched ? time_ : collection->last_write();
    if (last > time) {
      return Conflict{Conflict::What::collection,
                      fmt::format("collection {} was changed at time {}", id.value, last)};
    }
  }
  for (const RecordChange& wanted : preconditions.records) {
    const auto pending = records_.find({wanted.space, wanted.key});
    const auto value =
        pending != records_.end() ? pending->second : state_.records.get(wanted.space, wanted.key);
    if (value != wanted.value) {
      return Conflict{Conflict::What::record,
                      fmt::format("record \"{}\" has another value", wanted.key)};
    }
  }
  return std::nullopt;
}

std::optional<SqlError> CommitGroup::check_collections(const CommitRequest& request) {
  std::set<CollectionId> created;
  for (const auto& [id, description] : request.create) {
    if (find(id) || !created.insert(id).second) {
      return SqlError(sqlstate::duplicate_table,
                      fmt::format("collection {} exists already", id.value));
    }
    if (description.kind == CollectionKind::volatile_) {
      return SqlError(sqlstate::wrong_object_type, "a commit creates durable collections only");
    }
  }
  auto check = [&](CollectionId id) -> std::optional<SqlError> {
    if (created.contains(id)) return std::nullopt;
    const CollectionPtr collection = find(id);
    if (!collection) return no_such_collection(id);
    if (collection->kind() == CollectionKind::volatile_) return not_committed(*collection);
    return std::nullopt;
  };
  auto check_written = [&](CollectionId id) -> std::optional<SqlError> {
    if (auto error = check(id)) return error;
    for (const auto& [new_id, description] : request.create) {
      if (new_id == id && description.kind == CollectionKind::derived) {
        return SqlError(sqlstate::wrong_object_type,
                        fmt::format("collection {} does not take commits", id.value));
      }
    }
    const CollectionPtr collection = find(id);
    if (collection && collection->kind() != CollectionKind::clocked)
      return not_committed(*collection);
    return std::nullopt;
  };
  for (const CollectionId id : request.drop) {
    if (auto error = check(id)) return error;
  }
  for (const auto& [id, retention] : request.set_retention_ms) {
    if (auto error = check(id)) return error;
  }
  for (const CollectionId id : request.truncate) {
    if (auto error = check_written(id)) return error;
  }
  for (const auto& delta : request.deltas) {
    if (auto error = check_written(delta.collection)) return error;
  }
  for (const auto& part : request.parts) {
    if (auto error = check_written(part.collection)) return error;
  }
  return std::nullopt;
}

CommitGroup::Effect& CommitGroup::effect_on(const CollectionPtr& collection) {
  Effect& effect = effects_[collection->id()];
  if (!effect.collection) effect.collection = collection;
  has_effects_ = true;
  return effect;
}

void CommitGroup::touch_manifest(Effect& effect) {
  if (!manifest_lock_.owns_lock()) manifest_lock_ = std::unique_lock(state_.manifest_mutex);
  if (effect.changes_manifest) return;
  effect.changes_manifest = true;
  effect.manifest = *effect.collection->contents().manifest;
}

void CommitGroup::log(LogEntry::Kind kind, CollectionId collection) {
  encode_log_entry({.kind = kind, .collection = collection}, entries_);
}

std::optional<CommitOutcome> CommitGroup::add(CommitRequest& request, std::string_view encoded) {
  if (auto conflict = check_preconditions(request.preconditions)) {
    return CommitOutcome{.conflict = std::move(conflict)};
  }
  const std::size_t encoded_deltas = request.deltas.size();
  if (request.at_time) {
    try {
      request.at_time(time_, request);
    } catch (const SqlError& error) {
      return CommitOutcome{.error = error};
    }
  }
  if (auto error = check_collections(request)) return CommitOutcome{.error = std::move(error)};
  std::string late;
  if (request.deltas.size() > encoded_deltas) {
    late = encode_deltas({request.deltas.begin() + static_cast<std::ptrdiff_t>(encoded_deltas),
                          request.deltas.end()});
  }
  if (entries_.size() + encoded.size() + late.size() > group_bytes_max) {
    return CommitOutcome{.error = SqlError(sqlstate::program_limit_exceeded,
                                           "the changes are too large for one commit")};
  }

  for (auto& [id, description] : request.create) {
    auto collection = std::make_shared<Collection>(
        id, description,
        Collection::Origin{.created = time_, .since = time_, .upper = time_, .last_write = time_},
        state_.progress);
    Effect& effect = effects_[id] = Effect{};  // it may have been dropped earlier in this group
    effect.collection = std::move(collection);
    effect.created = true;
    effect.touched = true;
    has_effects_ = true;
    touch_manifest(effect);
    log(LogEntry::Kind::create, id);
  }
  for (const auto& [id, retention] : request.set_retention_ms) {
    Effect& effect = effect_on(find(id));
    touch_manifest(effect);
    effect.retention_ms = retention;
  }
  for (const CollectionId id : request.truncate) {
    Effect& effect = effect_on(find(id));
    touch_manifest(effect);
    const std::size_t before = effect.manifest.entries.size();
    effect.manifest.truncate(time_);
    effect.entered.insert(effect.entered.end(),
                          effect.manifest.entries.begin() + static_cast<std::ptrdiff_t>(before),
                          effect.manifest.entries.end());
    effect.steps.push_back({});
    effect.touched = true;
    log(LogEntry::Kind::truncate, id);
  }
  for (const auto& [id, delta] : request.deltas) {
    if (delta.empty()) continue;
    Effect& effect = effect_on(find(id));
    for (const auto& batch : delta.rows) {
      effect.steps.push_back({std::make_shared<const Batch>(batch->with_time(time_)), false});
    }
    for (const auto& batch : delta.errors) {
      effect.steps.push_back({std::make_shared<const Batch>(batch->with_time(time_)), true});
    }
    effect.touched = true;
  }
  entries_.append(encoded).append(late);
  for (const StagedPart& staged : request.parts) {
    Effect& effect = effect_on(find(staged.collection));
    touch_manifest(effect);
    const ManifestEntry entry{part_of(staged), staged.sign, time_};
    effect.manifest.entries.push_back(entry);
    effect.entered.push_back(entry);
    effect.touched = true;
    named_.push_back(entry.part);
    encode_log_entry({.kind = LogEntry::Kind::part,
                      .collection = staged.collection,
                      .part = staged.part,
                      .sign = staged.sign,
                      .part_of_errors = entry.part->info().errors},
                     entries_);
  }
  for (const CollectionId id : request.drop) {
    Effect& effect = effect_on(find(id));
    touch_manifest(effect);
    effect.dropped = true;
    log(LogEntry::Kind::drop, id);
  }
  for (const RecordChange& change : request.records) {
    records_[{change.space, change.key}] = change.value;
    has_effects_ = true;
  }
  if (request.bumps_catalog_version) {
    ++catalog_version_;
    has_effects_ = true;
  }
  return std::nullopt;
}

std::optional<SqlError> CommitGroup::write() {
  rocksdb::WriteBatch batch;
  auto& database = *state_.database;
  for (const auto& [id, effect] : effects_) {
    if (!effect.changes_manifest) continue;
    if (effect.dropped) {
      check(batch.Delete(database.meta(), collection_key(id)), "commit");
      check(batch.Delete(database.meta(), upper_key(id)), "commit");
      continue;
    }
    Collection::Contents contents = effect.collection->contents();
    contents.manifest = std::make_shared<const Manifest>(effect.manifest);
    if (effect.touched) contents.last_write = time_;
    CollectionDescription description = effect.collection->description();
    if (effect.retention_ms) description.retention_ms = *effect.retention_ms;
    check(batch.Put(database.meta(), collection_key(id),
                    encode_collection_record(description, effect.collection->created(), contents)),
          "commit");
  }
  for (const auto& [name, value] : records_) {
    auto* family = database.records(name.first);
    check(value ? batch.Put(family, name.second, *value) : batch.Delete(family, name.second),
          "commit");
  }
  if (catalog_version_ != state_.catalog_version) {
    std::string version;
    put_u64(version, catalog_version_);
    check(
        batch.Put(database.meta(),
                  rocksdb::Slice(catalog_version_key.data(), catalog_version_key.size()), version),
        "commit");
  }
  fault_point("commit_before_write");
  rocksdb::Status status;
  if (entries_.empty()) {
    status = database.write(batch);
  } else {
    status = state_.log->write(batch, encode_log_record(time_, entries_), ticket_);
  }
  if (!status.ok()) return error_of(status, "commit");
  for (const PartPtr& part : named_) part->set_unnamed(false);
  fault_point("commit_written");
  return std::nullopt;
}

std::vector<TailRunPtr> CommitGroup::runs_of(const Effect& effect) const {
  std::vector<TailRunPtr> runs;
  std::vector<TailRunPtr> tail;  // with the runs before a truncation
  for (const Effect::Step& step : effect.steps) {
    if (step.batch) {
      runs.push_back(make_tail_run(step.batch, step.errors, ticket_.sequence()));
      continue;
    }
    if (tail.empty() && !effect.created) tail = effect.collection->contents().tail;
    std::vector<TailRunPtr> all = tail;
    all.insert(all.end(), runs.begin(), runs.end());
    for (auto& undo : truncation_of(all, ticket_.sequence(), time_))
      runs.push_back(std::move(undo));
  }
  return runs;
}

void CommitGroup::publish() {
  for (auto& [id, effect] : effects_) {
    Collection& collection = *effect.collection;
    if (effect.dropped) {
      // What an earlier request of the group gave it goes with it.
      collection.publish({}, std::make_shared<const Manifest>(effect.manifest), {}, time_);
      collection.drop();
      if (!effect.created) state_.collections.remove(id);
      continue;
    }
    if (effect.retention_ms) collection.set_retention_ms(*effect.retention_ms);
    ManifestPtr manifest;
    if (effect.changes_manifest)
      manifest = std::make_shared<const Manifest>(std::move(effect.manifest));
    if (effect.touched) {
      collection.publish(runs_of(effect), std::move(manifest), effect.entered, time_);
    }
    if (effect.created) state_.collections.add(effect.collection);
  }
  for (auto& [name, value] : records_) state_.records.apply({name.first, name.second, value});
  state_.catalog_version = catalog_version_;
  manifest_lock_ = {};
}

}  // namespace tailrace::storage
