//! The rules of the index over backends in memory and a fixed clock.

mod adopting;
mod counting;
mod failing;
mod house;
mod managing;
mod objects;
mod pages;
mod publishing;
mod releases;
mod removing;
mod replicas;
mod searching;
