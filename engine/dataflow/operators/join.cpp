// Join of two sides by equal keys: bilinear, so with A and B what has come so far and a, b what
// comes now
//
//   (A + a) >< (B + b)  =  A >< B  +  a >< B  +  (A + a) >< b
//
// Each arrival probes what has come on the other side and is then remembered itself; a pair is thus
// found exactly once, when its later half arrives, in whatever order sides and times come. It
// exists from the later of both times on.
//
// A side that somebody else arranges already is not kept again: of that arrangement the updates
// before the step count, and those of the step are kept here until its end.
#include "engine/cluster/workers.hpp"
#include "engine/dataflow/operators/operators.hpp"
#include "engine/dataflow/shared_arrangement.hpp"

namespace tailrace::engine {

namespace {

constexpr std::size_t emit_rows = 32768;
constexpr std::size_t worth_sharing_rows = 8192;

class Join final : public Operator {
 public:
  Join(JoinSide left, JoinSide right) : sides_{Side(std::move(left)), Side(std::move(right))} {}

  void begin() override {
    for (Side& side : sides_) {
      if (!side.shared) continue;
      if (!side.hold)
        side.hold = side.shared->hold(step().bulk ? step().upper - 1 : step().lower - 1);
      side.view = side.shared->view();
    }
    if (!partitioned_ && step().workers) {
      partitioned_ = true;
      for (Side& side : sides_) side.own = Arrangement(side.own.key(), step().workers->count());
    }
  }

  bool wants_bulk(std::size_t port) const override { return port == 0 || !sides_[1].shared; }

  void push(std::size_t port, const Batch& rows) override {
    Side& mine = sides_[port];
    Side& other = sides_[1 - port];
    if (step().bulk && port == 1 && mine.shared) return;  // its arrangement is read in its place
    ErrorCollector errors;
    Batch keyed = mine.key.extend(rows, errors);
    emit_errors(errors.take());
    keyed = without_nulls(keyed, mine.own.key());
    if (keyed.empty()) return;
    if (step().bulk && other_is_empty(port)) {
      mine.own.append_bulk(keyed);
      return;
    }
    if (step().bulk) other.own.settle(step().workers);
    const BatchHandle run = arrange(keyed, mine.own.key());
    if (!run) return;
    probe(*run, port);
    if (!step().bulk) {
      mine.own.append(run, step().workers);
    } else if (!mine.shared) {
      mine.own.append_bulk(run->rows);
    }
  }

  void flush() override {
    for (Side& side : sides_) {
      if (side.shared) {
        side.own = Arrangement(side.own.key());  // from now on these stand in the shared one
        side.hold->advance(step().upper - 1);
        side.view = nullptr;
      } else {
        if (step().bulk) side.own.settle(step().workers);
        side.own.advance_since(step().upper - 1);
      }
    }
  }

  std::size_t memory_bytes() const override {
    return sides_[0].own.memory_bytes() + sides_[1].own.memory_bytes();
  }
  std::size_t arranged_rows() const override { return sides_[0].own.rows() + sides_[1].own.rows(); }

 private:
  struct Side {
    explicit Side(JoinSide side)
        : width(side.width),
          key(side.key, side.width),
          own(key.positions()),
          shared(std::move(side.shared)) {}
    std::size_t width;
    ComputedColumns key;
    Arrangement own;
    std::shared_ptr<SharedArrangement> shared;
    std::shared_ptr<const SharedArrangement::View> view;
    std::unique_ptr<SharedArrangement::Hold> hold;
  };

  bool other_is_empty(std::size_t port) const {
    const Side& other = sides_[1 - port];
    return other.own.empty() && !(other.view && shared_counts(1 - port));
  }
  // In bulk the left side comes by push even where it is shared.
  bool shared_counts(std::size_t port) const { return !step().bulk || port == 1; }

  void probe(const ArrangedBatch& run, std::size_t port) {
    const Side& other = sides_[1 - port];
    other.own.for_each(
        [&](const ArrangedBatch& stored) { probe_run(run, port, stored, timestamp_max); });
    if (other.view && shared_counts(1 - port)) {
      const Timestamp below = step().bulk ? step().upper : step().lower;
      for (const BatchHandle& stored : other.view->runs) probe_run(run, port, *stored, below);
    }
  }

  // Pairs of `run` (of side `port`) with updates of `stored` whose time is below.
  void probe_run(const ArrangedBatch& run, std::size_t port, const ArrangedBatch& stored,
                 Timestamp below) {
    Workers* workers = step().workers;
    const std::size_t threads = workers ? workers->count() : 1;
    if (threads <= 1 || run.size() < worth_sharing_rows || stored.size() < worth_sharing_rows) {
      return pairs(run, port, stored, below, [&](const Batch& out) { emit(out); });
    }
    // By ranges of the run; what is downstream still runs on this thread alone.
    const BatchHandle whole(std::shared_ptr<const ArrangedBatch>(), &run);
    std::vector<std::vector<Batch>> results(threads);
    workers->parallel(threads, [&](std::size_t i) {
      const auto bound = [&](std::size_t k) {
        const std::size_t row = run.size() * k / threads;
        return k == 0 ? 0 : row >= run.size() ? run.size() : run.lower_bound(run.hashes[row]);
      };
      const std::size_t first = bound(i), last = i + 1 == threads ? run.size() : bound(i + 1);
      if (first >= last) return;
      ArrangedBatch part;
      part.rows = slice(run.rows, first, last - first);
      part.hashes.assign(run.hashes.begin() + static_cast<std::ptrdiff_t>(first),
                         run.hashes.begin() + static_cast<std::ptrdiff_t>(last));
      part.keys_collide = run.keys_collide;
      pairs(part, port, stored, below, [&](const Batch& out) { results[i].push_back(out); });
    });
    for (const auto& batches : results) {
      for (const Batch& out : batches) emit(out);
    }
  }

  template <class Give>
  void pairs(const ArrangedBatch& run, std::size_t port, const ArrangedBatch& stored,
             Timestamp below, Give&& give) const {
    std::vector<std::uint32_t> mine, theirs;
    const auto give_pairs = [&] {
      if (mine.empty()) return;
      const auto& left = port == 0 ? run.rows : stored.rows;
      const auto& right = port == 0 ? stored.rows : run.rows;
      const auto& left_rows = port == 0 ? mine : theirs;
      const auto& right_rows = port == 0 ? theirs : mine;
      Batch out;
      out.rows = mine.size();
      for (std::size_t c = 0; c < sides_[0].width; ++c)
        out.columns.push_back(gather(left.columns[c], left_rows));
      for (std::size_t c = 0; c < sides_[1].width; ++c)
        out.columns.push_back(gather(right.columns[c], right_rows));
      std::vector<Timestamp> times(mine.size());
      std::vector<Diff> diffs(mine.size());
      for (std::size_t i = 0; i < mine.size(); ++i) {
        times[i] = std::max(left.times[left_rows[i]], right.times[right_rows[i]]);
        diffs[i] = left.diffs[left_rows[i]] * right.diffs[right_rows[i]];
      }
      out.times = PerRow<Timestamp>::each(std::move(times));
      out.diffs = PerRow<Diff>::each(std::move(diffs));
      mine.clear();
      theirs.clear();
      give(out);
    };
    match(run, sides_[port].own.key(), stored, sides_[1 - port].own.key(),
          [&](std::size_t p, std::size_t s) {
            if (stored.rows.times[s] >= below) return;
            mine.push_back(static_cast<std::uint32_t>(p));
            theirs.push_back(static_cast<std::uint32_t>(s));
            if (mine.size() >= emit_rows) give_pairs();
          });
    give_pairs();
  }

  Side sides_[2];
  bool partitioned_ = false;
};

}  // namespace

OperatorPtr make_join(JoinSide left, JoinSide right) {
  return std::make_unique<Join>(std::move(left), std::move(right));
}

}  // namespace tailrace::engine
