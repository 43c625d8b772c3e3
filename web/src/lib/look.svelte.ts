/** Light, dark, or as the system says; and which notices a person wants. */
type Theme = "auto" | "light" | "dark";
const THEME = "wanreel.theme";
const BELL = "wanreel.bell";
const kept = localStorage.getItem(THEME);

class Look {
  theme = $state<Theme>(kept === "light" || kept === "dark" ? kept : "auto");
  bell = $state(localStorage.getItem(BELL) === "1" && "Notification" in window && Notification.permission === "granted");

  turn(): void {
    this.theme = this.theme === "auto" ? "light" : this.theme === "light" ? "dark" : "auto";
    localStorage.setItem(THEME, this.theme);
  }

  async ring(): Promise<void> {
    const wanted = !this.bell && "Notification" in window && (await Notification.requestPermission()) === "granted";
    this.bell = wanted;
    localStorage.setItem(BELL, wanted ? "1" : "0");
  }
}

export const look = new Look();
