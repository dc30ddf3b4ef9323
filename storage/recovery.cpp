// What a start does: the format, the records, the collections with their manifests, then the log's
// tail.
#include <fmt/format.h>

#include <set>

#include "storage/byte_codec.hpp"
#include "storage/collection_record.hpp"
#include "storage/fault_point.hpp"
#include "storage/keys.hpp"
#include "storage/log_record.hpp"
#include "storage/store_state.hpp"

namespace tailrace::storage {

namespace {

rocksdb::Slice slice_of(std::string_view bytes) {
  return {bytes.data(), bytes.size()};
}

class Recovery {
 public:
  explicit Recovery(StoreState& state) : state_(state), database_(*state.database) {}

  void run() {
    check_format();
    state_.catalog_version = number(catalog_version_key).value_or(0);
    latest_ = number(clock_ceiling_key).value_or(0);
    read_records();
    read_collections();
    sweep_parts();
    replay_log();
    // Whatever was shown lies at or below the ceiling; nothing will be committed there any more.
    state_.progress.set_latest_time(latest_);
    for (auto& [id, collection] : collections_) {
      collection->set_since_pinned(true);
      state_.collections.add(std::move(collection));
    }
  }

 private:
  std::optional<std::uint64_t> number(std::string_view key) {
    std::string value;
    const auto status =
        database_.db().Get(rocksdb::ReadOptions(), database_.meta(), slice_of(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    check(status, "read the data directory");
    return ByteReader(value, "number").u64();
  }

  void check_format() {
    const auto version = number(format_key);
    if (!version) {
      // A database without a format is one that was just created, or one whose creation was cut
      // short.
      std::string value;
      put_u64(value, format_version);
      rocksdb::WriteBatch batch;
      check(batch.Put(database_.meta(), slice_of(format_key), value), "create the data directory");
      check(database_.write(batch), "create the data directory");
      check(database_.sync(), "create the data directory");
      return;
    }
    if (*version == format_version) return;
    throw SqlError(
        sqlstate::feature_not_supported,
        fmt::format("data directory \"{}\" has format {}, and this version reads format {}",
                    database_.directory().string(), *version, format_version))
        .hint("It was written by a newer version: start that one.");
  }

  template <class Visit>
  void scan(rocksdb::ColumnFamilyHandle* family, std::string_view begin, std::string_view end,
            Visit visit) {
    const rocksdb::Slice upper = slice_of(end);
    rocksdb::ReadOptions options;
    if (!end.empty()) options.iterate_upper_bound = &upper;
    options.fill_cache = false;
    std::unique_ptr<rocksdb::Iterator> at(database_.db().NewIterator(options, family));
    for (at->Seek(slice_of(begin)); at->Valid(); at->Next()) {
      visit(at->key().ToStringView(), at->value().ToStringView());
    }
    check(at->status(), "read the data directory");
  }

  void read_records() {
    for (const RecordSpace space : {RecordSpace::catalog, RecordSpace::secrets,
                                    RecordSpace::positions, RecordSpace::intents}) {
      scan(database_.records(space), "", "", [&](std::string_view key, std::string_view value) {
        state_.records.apply({space, std::string(key), std::string(value)});
      });
    }
  }

  void read_collections() {
    scan(database_.meta(), collection_keys_begin, collection_keys_end,
         [&](std::string_view key, std::string_view value) {
           const CollectionId id = decode_collection_key(key);
           auto record = decode_collection_record(value, state_.database, state_.graveyard);
           if (record.description.kind == CollectionKind::derived) {
             record.origin.upper = std::max(record.origin.upper, number(upper_key(id)).value_or(0));
           }
           for (const auto& entry : record.origin.manifest->entries) {
             named_.insert(entry.part->info().part);
           }
           collections_[id] = std::make_shared<Collection>(
               id, std::move(record.description), std::move(record.origin), state_.progress);
         });
  }

  // Parts that were staged, or written by a compaction, when the process ended.
  void sweep_parts() {
    rocksdb::ColumnFamilyMetaData files;
    database_.db().GetColumnFamilyMetaData(database_.parts(), &files);
    std::uint64_t last = named_.empty() ? 0 : named_.rbegin()->value;
    std::set<PartId> unnamed;
    for (const auto& level : files.levels) {
      for (const auto& file : level.files) {
        // A file is one part, but for leftovers of deletions; those may span several.
        const PartId part = decode_part_key(file.smallestkey).part;
        last = std::max(last, decode_part_key(file.largestkey).part.value);
        if (!named_.contains(part)) unnamed.insert(part);
      }
    }
    state_.parts = std::make_shared<PartStore>(state_.database, state_.graveyard, last + 1);
    for (const PartId part : unnamed) state_.parts->remove(part);
  }

  void replay_log() {
    std::uint64_t next = 1;
    std::vector<std::pair<std::uint64_t, std::size_t>> found;
    scan(database_.log(), "", "", [&](std::string_view key, std::string_view value) {
      const std::uint64_t sequence = decode_log_key(key);
      found.emplace_back(sequence, value.size());
      next = sequence + 1;
      const LogRecord record = decode_log_record(value);
      latest_ = std::max(latest_, record.time);
      for (const LogEntry& entry : record.entries) replay(sequence, record.time, entry);
      fault_point("recovery_replayed");
    });
    // Folds remember sequences whose records may be gone: those must not be given out again.
    for (const auto& [id, collection] : collections_) {
      next = std::max(next, collection->contents().folded_through + 1);
    }
    state_.log = std::make_unique<Log>(database_, next);
    for (const auto& [sequence, bytes] : found) state_.log->recovered(sequence, bytes);
  }

  void replay(std::uint64_t sequence, Timestamp time, const LogEntry& entry) {
    const auto found = collections_.find(entry.collection);
    if (found == collections_.end()) return;  // dropped since
    Collection& collection = *found->second;
    const auto contents = collection.contents();
    std::vector<TailRunPtr> runs;
    const bool appended = entry.kind == LogEntry::Kind::append;
    if (sequence > contents.folded_through) {
      auto add = [&](const std::vector<BatchPtr>& batches, bool errors) {
        for (const auto& batch : batches) {
          runs.push_back(make_tail_run(
              appended ? batch : std::make_shared<const Batch>(batch->with_time(time)), errors,
              sequence));
        }
      };
      add(entry.delta.rows, false);
      add(entry.delta.errors, true);
      if (entry.kind == LogEntry::Kind::truncate) {
        runs = truncation_of(contents.tail, sequence, time);
      }
    }
    if (appended) {
      collection.append(std::move(runs), nullptr, {}, std::max(collection.upper(), entry.upper));
    } else {
      collection.publish(std::move(runs), nullptr, {}, time);
    }
  }

  StoreState& state_;
  Database& database_;
  std::map<CollectionId, CollectionPtr> collections_;
  std::set<PartId> named_;
  Timestamp latest_ = 0;
};

}  // namespace

void recover(StoreState& state) {
  Recovery(state).run();
}

}  // namespace tailrace::storage
