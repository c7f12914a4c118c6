// SPDX-License-Identifier: MIT OR Apache-2.0
//
// `scope`: ends a session, trace, span, generation, retrieval or tool call when a block is left. When an
// exception leaves the block, an error is logged on it first, where its kind has errors.
#ifndef MAXIM_SCOPE_HPP
#define MAXIM_SCOPE_HPP

#include <maxim/entities.hpp>

#include <exception>
#include <utility>

namespace maxim {

/// Owns the end of an entity:
///
///     maxim::scope step(trace.add_span({"agent step"}));
///     step->add_tag("attempt", "1");
///
/// What the exception says is not known while it passes; log it where it is caught (`describe`).
template <class Entity>
class [[nodiscard]] scope {
  public:
    explicit scope(Entity entity) : entity_(std::move(entity)), exceptions_(std::uncaught_exceptions()) {}

    /// The other one ends nothing any more.
    scope(scope&& other) noexcept
        : entity_(std::move(other.entity_)),
          exceptions_(other.exceptions_),
          active_(std::exchange(other.active_, false)) {}

    scope(const scope&) = delete;
    scope& operator=(const scope&) = delete;
    scope& operator=(scope&&) = delete;

    ~scope() {
        if (!active_) {
            return;
        }
        if (std::uncaught_exceptions() > exceptions_) {
            entity_.unwind();
        } else {
            entity_.end_quietly();
        }
    }

    const Entity& operator*() const noexcept { return entity_; }
    const Entity* operator->() const noexcept { return &entity_; }

    /// Ends it now.
    status end() {
        active_ = false;
        return entity_.end();
    }

    /// Leaves the end to somebody else: to `generation::result`, or to another thread.
    Entity release() {
        active_ = false;
        return entity_;
    }

  private:
    Entity entity_;
    int exceptions_;
    bool active_ = true;
};

}  // namespace maxim

#endif  // MAXIM_SCOPE_HPP
