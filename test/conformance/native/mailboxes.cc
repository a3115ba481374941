#include "mailboxes.h"

#include <chrono>
#include <utility>

namespace conformance {

void Mailbox::Put(Letter letter) {
  std::lock_guard<std::mutex> lock(mutex_);
  letters_.push_back(std::move(letter));
  arrived_.notify_one();
}

bool Mailbox::Take(Letter* letter, int wait_ms) {
  std::unique_lock<std::mutex> lock(mutex_);
  auto there = [this] { return !letters_.empty(); };
  if (!arrived_.wait_for(lock, std::chrono::milliseconds(wait_ms), there)) return false;
  *letter = std::move(letters_.front());
  letters_.pop_front();
  return true;
}

void Worker::Put(Task task) {
  std::lock_guard<std::mutex> lock(mutex_);
  tasks_.push_back(std::move(task));
  arrived_.notify_one();
}

Task Worker::Take(Mailbox* caller) {
  std::unique_lock<std::mutex> lock(mutex_);
  for (;;) {
    for (auto it = tasks_.begin(); it != tasks_.end(); ++it) {
      if (caller != nullptr && it->from != caller) continue;
      Task task = std::move(*it);
      tasks_.erase(it);
      return task;
    }
    arrived_.wait(lock);
  }
}

Worker* Pool::Join() {
  std::lock_guard<std::mutex> lock(mutex_);
  all_.push_back(std::make_unique<Worker>(static_cast<int>(all_.size())));
  free_.push_back(all_.back().get());
  changed_.notify_all();
  return all_.back().get();
}

Worker* Pool::Acquire() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (free_.empty()) {
    const size_t wanted = ++wanted_;
    lock.unlock();
    want_more();
    lock.lock();
    // Not only until one is free: the new one opens descriptors, which would come in between what the caller does next.
    changed_.wait(lock, [this, wanted] { return all_.size() >= wanted && !free_.empty(); });
  }
  Worker* worker = free_.back();
  free_.pop_back();
  return worker;
}

void Pool::Release(Worker* worker) {
  std::lock_guard<std::mutex> lock(mutex_);
  free_.push_back(worker);
  changed_.notify_all();
}

Worker* Pool::Find(int id) {
  std::lock_guard<std::mutex> lock(mutex_);
  return id >= 0 && static_cast<size_t>(id) < all_.size() ? all_[static_cast<size_t>(id)].get() : nullptr;
}

void Pool::Expect(size_t count) {
  std::lock_guard<std::mutex> lock(mutex_);
  wanted_ += count;
}

void Pool::QuitAll() {
  std::lock_guard<std::mutex> lock(mutex_);
  for (auto& worker : all_) worker->Put({Task::kQuit, nullptr, {}});
}

Pool& ThePool() {
  // Never destroyed: threads may still wait in it while the process ends.
  static Pool* pool = new Pool();
  return *pool;
}

}  // namespace conformance
