// A store against a model of it: random commits, truncations, staged parts, compactions, restarts,
// reads.
#include <doctest/doctest.h>

#include <random>

#include "tests/storage/fixture.hpp"

namespace tailrace::storage::testing {

namespace {

struct Model {
  std::map<Timestamp, Contents> history;  // after each commit

  const Contents& at(Timestamp time) const {
    static const Contents nothing;
    auto after = history.upper_bound(time);
    return after == history.begin() ? nothing : std::prev(after)->second;
  }
};

class Run {
 public:
  explicit Run(std::uint64_t seed) : random_(seed) {
    for (int i = 0; i < 3; ++i) {
      ids_.push_back(fixture_.create(CollectionKind::clocked, i * 40));
      models_[ids_.back()];
    }
  }

  void step() {
    switch (random_() % 12) {
      case 0:
        fixture_.store().compact_now(any());
        break;
      case 1:
        fixture_.reopen();
        fixture_.store().holds_taken_up();
        break;
      case 2:
      case 3:
        check();
        break;
      default:
        commit();
    }
  }

  void check() {
    for (const auto id : ids_) {
      const Timestamp since = fixture_.store().since(id);
      const Timestamp latest = fixture_.store().latest_time();
      const Timestamp time = since + random_() % (latest - since + 1);
      CHECK(contents_at(fixture_.store(), id, time) == models_[id].at(time));
      CHECK(contents_at(fixture_.store(), id, latest) == models_[id].at(latest));
    }
  }

 private:
  CollectionId any() { return ids_[random_() % ids_.size()]; }

  void commit() {
    fixture_.wall += random_() % 30;
    CommitRequest request;
    std::map<CollectionId, Contents> after;
    for (int i = 0; i < 3; ++i) {
      const auto id = any();
      if (!after.contains(id)) after[id] = models_[id].at(timestamp_max - 1);
    }
    for (auto& [id, contents] : after) {
      if (random_() % 8 == 0) {
        request.truncate.push_back(id);
        contents.clear();
      }
      std::vector<Row> rows;
      for (std::uint64_t i = random_() % 20; i > 0; --i) {
        if (!contents.empty() && random_() % 2 == 0) {
          auto victim =
              std::next(contents.begin(), static_cast<std::ptrdiff_t>(random_() % contents.size()));
          rows.push_back({victim->first.first, victim->first.second, -1});
        } else {
          rows.push_back(
              {static_cast<std::int64_t>(random_() % 50), "v" + std::to_string(random_() % 5)});
        }
        contents[{rows.back().key, rows.back().value}] += rows.back().diff;
        std::erase_if(contents, [](const auto& entry) { return entry.second == 0; });
      }
      if (rows.empty()) continue;
      if (random_() % 4 == 0) {
        auto writer = fixture_.store().stage(id);
        writer->write(batch_of(rows));
        for (auto& part : writer->finish()) request.parts.push_back(std::move(part));
      } else {
        request.deltas.push_back({id, delta_of(rows)});
      }
    }
    const Timestamp time = fixture_.commit(std::move(request));
    for (auto& [id, contents] : after) models_[id].history[time] = std::move(contents);
  }

  Fixture fixture_;
  std::mt19937_64 random_;
  std::vector<CollectionId> ids_;
  std::map<CollectionId, Model> models_;
};

}  // namespace

TEST_CASE("a store agrees with a model of it") {
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    CAPTURE(seed);
    Run run(seed);
    for (int i = 0; i < 250; ++i) run.step();
    run.check();
  }
}

}  // namespace tailrace::storage::testing
