/** The rooms of the page. Those with an icon stand in the navigation. */
import type { Component } from "svelte";
import type { IconName } from "./parts/icons";
import Accounts from "./pages/Accounts.svelte";
import Attention from "./pages/Attention.svelte";
import Compare from "./pages/Compare.svelte";
import Gallery from "./pages/Gallery.svelte";
import Job from "./pages/Job.svelte";
import Make from "./pages/Make.svelte";
import Spend from "./pages/Spend.svelte";

export interface Room {
  id: string;
  page: Component;
  icon?: IconName;
}

export const rooms: Room[] = [
  { id: "make", page: Make, icon: "wand" },
  { id: "gallery", page: Gallery, icon: "grid" },
  { id: "spend", page: Spend, icon: "coins" },
  { id: "accounts", page: Accounts, icon: "gauge" },
  { id: "attention", page: Attention, icon: "hand" },
  { id: "job", page: Job },
  { id: "compare", page: Compare },
];
