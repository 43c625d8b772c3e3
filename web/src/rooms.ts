/** The rooms of the page. Those with an icon stand in the navigation. */
import type { Component } from "svelte";
import type { IconName } from "./parts/icons";
import Make from "./pages/Make.svelte";

export interface Room {
  id: string;
  page: Component;
  icon?: IconName;
}

export const rooms: Room[] = [{ id: "make", page: Make, icon: "wand" }];
